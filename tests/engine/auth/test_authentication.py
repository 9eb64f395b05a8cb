import time

import jwt
import pytest

from engine.auth import Credentials
from engine.errors import AuthenticationError

SECRET = "s" * 32


@pytest.fixture
def token():
    return jwt.encode({"sub": "ada", "exp": time.time() + 60, "roles": ["viewer"]}, SECRET)


@pytest.fixture
def key(keys, admin):
    return keys.create(admin, name="billing", roles=["viewer"]).text


def test_an_api_key_is_accepted_in_both_headers(auth, key):
    as_key = auth.authenticate(Credentials(api_key=key))
    as_bearer = auth.authenticate(Credentials(bearer=key))

    assert as_key == as_bearer
    assert as_key.kind == "api_key"
    assert as_key.subject == "key:" + key.removeprefix("ae_").split(".")[0]


def test_a_token_is_accepted_as_bearer(auth, token):
    assert auth.authenticate(Credentials(bearer=token)).subject == "ada"


def test_no_credentials_are_refused_with_what_to_send(auth):
    with pytest.raises(AuthenticationError) as refusal:
        auth.authenticate(Credentials())

    assert "X-API-Key" in str(refusal.value.hint)


def test_what_needs_no_waiting_is_recalled(auth, key, token):
    for credentials in (Credentials(bearer=token), Credentials(api_key=key)):
        assert auth.recall(credentials) is None

        known = auth.authenticate(credentials)

        assert auth.recall(credentials) == known


def test_a_refusal_never_repeats_the_credentials(auth):
    with pytest.raises(AuthenticationError) as refusal:
        auth.authenticate(Credentials(api_key="ae_1234.very-secret-very-secret-very-secret"))

    assert "very-secret" not in str(refusal.value)
    assert "very-secret" not in repr(Credentials(api_key="very-secret", bearer="very-secret"))

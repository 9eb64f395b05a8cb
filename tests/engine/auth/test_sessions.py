"""A session ends by time, by sign-out, and with its user; its token works for one use only."""

import base64
import json

import jwt
import pytest

from engine.auth import Credentials
from engine.errors import AuthenticationError

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(auth, admin):
    return auth.users.create("ada", PASSWORD, ["admin"], admin)


@pytest.fixture
def token(auth, ada):
    return auth.sessions.open(ada, "dashboard")


def test_a_token_speaks_for_its_user_with_the_roles_of_the_moment(auth, admin, token, clock):
    assert auth.sessions.caller(token, "dashboard").roles == {"admin"}

    auth.users.create("bo", PASSWORD, ["admin"], admin)
    auth.bindings.bind("user:ada", "viewer", admin)
    auth.bindings.unbind("user:ada", "admin", admin)

    assert auth.sessions.caller(token, "dashboard").roles == {"viewer"}


def test_a_session_ends_after_its_time(auth, token, clock):
    clock.seconds = 12 * 3600 - 1
    assert auth.sessions.caller(token, "dashboard").subject == "ada"

    clock.seconds += 1
    with pytest.raises(AuthenticationError, match="over"):
        auth.sessions.caller(token, "dashboard")


def test_signing_out_ends_a_session_here_at_once_and_elsewhere_in_two_seconds(
    auth, ada, token, clock, elsewhere_sessions
):
    elsewhere_sessions.caller(token, "dashboard")
    other = auth.sessions.open(ada, "dashboard")

    auth.sessions.end(token, "dashboard")

    with pytest.raises(AuthenticationError, match="over"):
        auth.sessions.caller(token, "dashboard")
    clock.seconds += 2.1
    with pytest.raises(AuthenticationError, match="over"):
        elsewhere_sessions.caller(token, "dashboard")
    assert auth.sessions.caller(other, "dashboard").subject == "ada"


@pytest.fixture
def elsewhere_sessions(user_store, auth, shared, clock):
    """The sessions as another process on the same database sees them."""
    return type(auth.sessions)(
        user_store, auth.bindings, shared, b"k" * 32, now=clock.now, clock=clock.monotonic
    )


def test_a_disabled_user_is_out(auth, admin, token, clock):
    auth.users.create("bo", PASSWORD, ["admin"], admin)
    auth.users.set_active("ada", admin, active=False)
    clock.seconds += 2.1

    with pytest.raises(AuthenticationError, match="over"):
        auth.sessions.caller(token, "dashboard")


def test_a_session_that_was_opened_while_its_user_was_disabled_is_worth_nothing(
    auth, admin, ada, clock
):
    auth.users.create("bo", PASSWORD, ["admin"], admin)
    auth.users.set_active("ada", admin, active=False)

    late = auth.sessions.open(ada, "dashboard")

    with pytest.raises(AuthenticationError, match="over"):
        auth.sessions.caller(late, "dashboard")


def test_a_token_for_one_use_is_refused_for_the_other(auth, ada, token):
    with pytest.raises(AuthenticationError):
        auth.authenticate(Credentials(bearer=token))
    with pytest.raises(AuthenticationError):
        auth.sessions.caller(auth.sessions.open(ada, "rest"), "dashboard")


def test_a_rest_token_is_a_callers_credentials_and_recalled_without_waiting(auth, ada):
    credentials = Credentials(bearer=auth.sessions.open(ada, "rest"))

    assert auth.recall(credentials) is None
    assert auth.authenticate(credentials).subject == "ada"
    assert auth.recall(credentials).roles == {"admin"}


def forged(token):
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "api-engine-instance"})
    other_key = jwt.encode(claims, b"x" * 32, headers={"kid": "api-engine-instance"})
    claims["tenant"] = "neighbour"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return [unsigned, other_key, f"{header}.{changed}.{signature}", f"{header}.{payload}.", ""]


def test_a_forged_token_is_refused(auth, token):
    for text in forged(token):
        with pytest.raises(AuthenticationError):
            auth.sessions.caller(text, "dashboard")


def test_a_ticket_is_good_once_soon_and_for_nothing_else(auth, token, clock):
    ticket = auth.sessions.ticket(token)
    redeemed, seconds = auth.sessions.redeem(ticket)

    assert auth.sessions.caller(redeemed, "dashboard").subject == "ada"
    assert seconds == 12 * 3600
    for use in (auth.sessions.redeem, lambda text: auth.sessions.caller(text, "dashboard")):
        with pytest.raises(AuthenticationError):
            use(ticket)
    with pytest.raises(AuthenticationError):
        auth.sessions.redeem(token)

    late = auth.sessions.ticket(token)
    clock.seconds += 61
    with pytest.raises(AuthenticationError, match="over"):
        auth.sessions.redeem(late)


def test_sessions_that_are_over_are_forgotten_when_one_opens(auth, ada, user_store, token, clock):
    sid = jwt.decode(token, options={"verify_signature": False})["sid"]
    clock.seconds = 12 * 3600

    auth.sessions.open(ada, "rest")

    assert user_store.session("default", sid) is None

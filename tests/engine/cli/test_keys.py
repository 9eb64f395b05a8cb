from engine.auth import Credentials
from engine.facade import Engine


def caller_of(key):
    with Engine.open() as engine:
        return engine.auth.authenticate(Credentials(api_key=key))


def test_a_made_key_is_the_only_output_and_works(api_engine):
    outcome = api_engine(
        "keys", "create", "shop", "--role", "analyst", "--api", "sales-*", "--tag", "public"
    )

    key = outcome.out.strip()
    caller = caller_of(key)
    assert outcome.code == 0
    assert outcome.out == key + "\n"
    assert caller.roles == {"analyst"}
    assert caller.scope.api_patterns == ("sales-*",)
    assert caller.scope.tags == ("public",)


def test_keys_are_listed_without_their_secrets(api_engine):
    key = api_engine("keys", "create", "shop", "--days", "30").out.strip()

    outcome = api_engine("keys", "list")

    key_id, secret = key.removeprefix("ae_").split(".")
    assert key_id in outcome.out
    assert "shop" in outcome.out
    assert "valid until" in outcome.out
    assert secret not in outcome.out


def test_a_revoked_key_says_so(api_engine):
    key_id = api_engine("keys", "create", "shop").out.strip().removeprefix("ae_").split(".")[0]

    outcome = api_engine("keys", "revoke", key_id)

    assert outcome.code == 0
    assert "revoked" in api_engine("keys", "list").out


def test_revoking_what_is_no_key_fails(api_engine):
    outcome = api_engine("keys", "revoke", "nothing")

    assert outcome.code == 1
    assert outcome.err == "error: there is no API key 'nothing'\n"


def test_an_unknown_role_is_wrong_usage(api_engine):
    assert api_engine("keys", "create", "shop", "--role", "king").code == 2

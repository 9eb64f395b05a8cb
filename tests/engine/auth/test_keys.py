from datetime import timedelta

import pytest

from engine.auth.keys import REMEMBER_S, TOUCH_EVERY, KeyService
from engine.errors import (
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    PermissionDeniedError,
)
from engine.model import Caller, Scope
from storage.api_keys import SqlKeyStore


def test_a_key_is_shown_once_and_kept_only_as_a_hash(keys, store, admin):
    issued = keys.create(admin, name="billing", roles=["viewer"])

    stored = store.get(issued.key.id)
    prefix, secret = issued.text.split(".")

    assert prefix == f"ae_{issued.key.id}"
    assert len(secret) >= 43
    assert secret.encode() not in stored.secret_hmac
    assert issued.text not in repr(issued)


def test_a_key_is_known_again_with_its_roles_scope_and_tenant(keys, elsewhere):
    operator = Caller(subject="ada", tenant_id="north", roles=frozenset({"admin"}))
    scope = Scope(groups=("execute",), api_patterns=("sales-*",), tags=("public",))

    issued = keys.create(operator, name="shop", roles=["analyst"], scope=scope)

    found = elsewhere.verify(issued.text)
    assert (found.tenant_id, found.roles, found.scope) == ("north", {"analyst"}, scope)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text.replace("ae_", "ae_0"),
        lambda text: text.split(".")[0] + ".",
        lambda text: text + "x",
        lambda text: text[:0],
        lambda text: text.replace(text[4], "ü"),
    ],
)
def test_a_changed_key_is_not_known(keys, admin, change):
    issued = keys.create(admin, name="billing", roles=["viewer"])

    with pytest.raises(AuthenticationError, match="not known"):
        keys.verify(change(issued.text))


def test_another_pepper_knows_no_key(keys, store, admin):
    issued = keys.create(admin, name="billing", roles=["viewer"])

    with pytest.raises(AuthenticationError):
        KeyService(store, b"other").verify(issued.text)


def test_a_key_ends_at_its_expiry_though_it_is_remembered(keys, clock, admin):
    ends = clock.now() + timedelta(seconds=1)
    issued = keys.create(admin, name="guest", roles=["viewer"], expires_at=ends)
    keys.verify(issued.text)

    clock.seconds += 1

    with pytest.raises(AuthenticationError, match="expired on 2026-02-08"):
        keys.verify(issued.text)


def test_a_revoked_key_is_refused_at_once_here(keys, admin):
    issued = keys.create(admin, name="guest", roles=["viewer"])
    keys.verify(issued.text)

    keys.revoke(issued.key.id, admin)

    with pytest.raises(AuthenticationError, match="was revoked"):
        keys.verify(issued.text)


def test_a_revoked_key_is_refused_in_another_process_within_two_seconds(
    keys, elsewhere, clock, admin
):
    issued = keys.create(admin, name="guest", roles=["viewer"])
    elsewhere.verify(issued.text)
    keys.revoke(issued.key.id, admin)

    clock.seconds += REMEMBER_S

    assert REMEMBER_S <= 2
    with pytest.raises(AuthenticationError, match="was revoked"):
        elsewhere.verify(issued.text)


def test_a_remembered_key_needs_no_look_up(keys, admin):
    issued = keys.create(admin, name="guest", roles=["viewer"])
    assert keys.remembered(issued.text) is None

    keys.verify(issued.text)

    assert keys.remembered(issued.text) == keys.verify(issued.text)


@pytest.mark.parametrize(
    ("address", "is_let_in"),
    [("10.1.2.3", True), ("192.168.0.7", True), ("10.2.0.1", False), (None, False), ("?", False)],
)
def test_a_key_bound_to_networks_works_only_from_them(keys, admin, address, is_let_in):
    networks = ["10.1.0.0/16", "192.168.0.7"]
    issued = keys.create(admin, name="plant", roles=["viewer"], allowed_ips=networks)
    keys.verify(issued.text, "10.1.0.1")

    if is_let_in:
        assert keys.verify(issued.text, address).id == issued.key.id
    else:
        with pytest.raises(AuthenticationError, match="from this address"):
            keys.verify(issued.text, address)


def test_the_last_use_is_noted_at_most_once_a_minute(keys, store, clock, admin):
    issued = keys.create(admin, name="guest", roles=["viewer"])
    used = []

    for _ in range(3):
        keys.verify(issued.text)
        used.append(store.get(issued.key.id).last_used_at)
        clock.seconds += TOUCH_EVERY.total_seconds() / 2

    assert used[0] == used[1] < used[2]


def test_a_key_is_managed_by_admins_of_its_tenant_alone(keys, admin):
    issued = keys.create(admin, name="guest", roles=["viewer"])
    stranger = Caller(subject="eve", tenant_id="other", roles=frozenset({"admin"}))
    analyst = Caller(subject="bob", roles=frozenset({"analyst"}))

    assert keys.all(stranger) == ()
    with pytest.raises(NotFoundError):
        keys.revoke(issued.key.id, stranger)
    with pytest.raises(PermissionDeniedError):
        keys.revoke(issued.key.id, analyst)
    with pytest.raises(PermissionDeniedError):
        keys.create(analyst, name="more", roles=["admin"])


def test_a_key_limited_by_a_scope_cannot_issue_a_wider_one(keys):
    limited = Caller(subject="key:1", roles=frozenset({"admin"}), scope=Scope(groups=("keys",)))

    with pytest.raises(PermissionDeniedError, match="may not manage API keys"):
        keys.create(limited, name="wider", roles=["admin"])


@pytest.mark.parametrize(
    ("wish", "what"),
    [
        ({"name": " "}, "needs a name"),
        ({"roles": []}, "needs a role"),
        ({"allowed_ips": ["10.0.0.0/99"]}, "no IP address"),
    ],
)
def test_a_key_without_sense_is_not_made(keys, admin, wish, what):
    with pytest.raises(BadRequestError, match=what):
        keys.create(admin, **{"name": "x", "roles": ["viewer"], **wish})

    assert keys.count() == 0


def test_a_key_cannot_expire_in_the_past(keys, clock, admin):
    with pytest.raises(BadRequestError, match="in the past"):
        keys.create(admin, name="x", roles=["viewer"], expires_at=clock.now())


# The first key


def test_the_first_start_makes_one_admin_key_and_shows_it_once(keys, elsewhere):
    shown = keys.ensure_first_key()

    assert keys.ensure_first_key() is None
    assert elsewhere.ensure_first_key() is None
    assert keys.count() == 1
    assert elsewhere.verify(shown).roles == {"admin"}


def test_of_two_processes_that_start_together_one_makes_the_key(store, keys):
    class Late(SqlKeyStore):
        def count(self):
            return 0

    late = KeyService(Late(store._database), b"pepper")
    keys.ensure_first_key()

    assert late.ensure_first_key() is None
    assert keys.count() == 1


def test_a_given_first_key_works_as_it_is_and_is_not_shown(keys, elsewhere):
    assert keys.ensure_first_key("correct horse battery") is None

    assert elsewhere.verify("correct horse battery").roles == {"admin"}
    assert "correct" not in elsewhere.verify("correct horse battery").id


def test_a_given_first_key_changes_nothing_later(keys):
    keys.ensure_first_key("correct horse battery")

    keys.ensure_first_key("another one entirely")

    with pytest.raises(AuthenticationError):
        keys.verify("another one entirely")


def test_a_given_first_key_that_can_be_guessed_is_named_and_works(keys, caplog):
    keys.ensure_first_key("short")

    assert keys.verify("short").id
    assert "API_ENGINE_BOOTSTRAP_KEY can be guessed" in caplog.text

"""An admin decides which endpoint groups accept API keys."""

import pytest

from engine.auth import Credentials, may
from engine.errors import BadRequestError, PermissionDeniedError
from engine.model import Caller, Scope


@pytest.fixture
def key(auth, admin):
    return auth.keys.create(admin, name="billing", roles=["admin"]).text


def test_every_group_accepts_keys_until_somebody_says_otherwise(auth, key):
    caller = auth.authenticate(Credentials(api_key=key))

    assert may(caller, "apis:write")
    assert may(caller, "keys:manage")


def test_a_group_that_is_closed_to_keys_refuses_them_and_nobody_else(auth, admin, key):
    auth.key_groups.set(["execute", "logs"], admin)
    caller = auth.authenticate(Credentials(api_key=key))

    assert may(caller, "execute:run")
    assert not may(caller, "apis:read")
    assert not may(caller, "keys:manage")
    assert may(admin, "apis:read")


def test_a_change_acts_on_keys_in_use_within_two_seconds(auth, admin, key, clock):
    auth.authenticate(Credentials(api_key=key))
    auth.key_groups.set([], admin)
    clock.seconds += 2.1

    assert not may(auth.authenticate(Credentials(api_key=key)), "execute:run")


def test_another_tenants_choice_is_its_own(auth, admin, key):
    neighbour = admin.model_copy(update={"tenant_id": "neighbour"})
    auth.key_groups.set([], neighbour)

    assert may(auth.authenticate(Credentials(api_key=key)), "execute:run")


def test_only_an_unlimited_admin_decides_and_only_on_groups_there_are(auth, admin):
    for caller in (
        Caller(subject="bo", roles=frozenset({"analyst"})),
        Caller(subject="key:1", kind="api_key", roles=frozenset({"admin"}), scope=Scope()),
    ):
        with pytest.raises(PermissionDeniedError):
            auth.key_groups.set(["execute"], caller)
    with pytest.raises(BadRequestError, match="no endpoint group 'bogus'"):
        auth.key_groups.set(["bogus"], admin)


def test_the_choice_is_in_the_audit_log(auth, admin, settings_store):
    auth.key_groups.set(["logs", "execute"], admin)

    entry = settings_store.audit("default", 1, 0).items[0]
    assert (entry.actor, entry.action) == ("ada", "settings:key_groups")
    assert entry.detail == {"groups": ["execute", "logs"]}

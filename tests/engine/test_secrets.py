"""Secrets are stored by admins, listed by analysts, and read back by nobody."""

import pytest

from engine.errors import BadRequestError, NotFoundError, PermissionDeniedError
from engine.model import Caller
from engine.secrets import MAX_VALUE_BYTES, Secrets
from storage.database import Database, default_url
from storage.instance_key import InstanceKey
from storage.migrations import migrate
from storage.settings import SqlSettingStore


@pytest.fixture
def store(tmp_path):
    migrate(default_url(tmp_path))
    database = Database(default_url(tmp_path))
    yield SqlSettingStore(database, InstanceKey.load(tmp_path))
    database.close()


@pytest.fixture
def secrets(store):
    return Secrets(store)


def caller(role, tenant="default"):
    return Caller(subject="ada", tenant_id=tenant, roles=frozenset({role}))


ADMIN = caller("admin")


def test_a_secret_is_there_by_name_only(secrets, store):
    secrets.put("token", "first", ADMIN)
    secrets.put("token", "s3cret", ADMIN)

    assert secrets.names(ADMIN) == ("token",)
    assert store.secret("default", "token") == "s3cret"
    assert "s3cret" not in repr([getattr(secrets, name) for name in dir(secrets)])


def test_a_deleted_secret_is_gone(secrets):
    secrets.put("token", "s3cret", ADMIN)
    secrets.delete("token", ADMIN)

    assert secrets.names(ADMIN) == ()
    with pytest.raises(NotFoundError):
        secrets.delete("token", ADMIN)


@pytest.mark.parametrize(
    ("role", "may_list", "may_change"),
    [("viewer", False, False), ("analyst", True, False), ("admin", True, True)],
)
def test_each_role_may_do_its_part(secrets, role, may_list, may_change):
    secrets.put("kept", "x", ADMIN)

    assert allowed(lambda: secrets.names(caller(role))) is may_list
    assert allowed(lambda: secrets.put("new", "x", caller(role))) is may_change
    assert allowed(lambda: secrets.delete("kept", caller(role))) is may_change


def allowed(act):
    try:
        act()
    except PermissionDeniedError:
        return False
    return True


def test_another_tenants_secrets_are_not_there(secrets):
    secrets.put("token", "s3cret", ADMIN)

    assert secrets.names(caller("admin", "neighbour")) == ()
    with pytest.raises(NotFoundError):
        secrets.delete("token", caller("admin", "neighbour"))


@pytest.mark.parametrize("name", ["", "a-b", "a.b", "1a", "a b", "a\n", "é", "a" * 65])
def test_a_name_that_no_template_could_write_is_refused(secrets, name):
    with pytest.raises(BadRequestError, match="name of a secret"):
        secrets.put(name, "x", ADMIN)


@pytest.mark.parametrize("value", ["", "x" * (MAX_VALUE_BYTES + 1), "é" * MAX_VALUE_BYTES])
def test_a_value_that_is_none_or_too_long_is_refused(secrets, value):
    with pytest.raises(BadRequestError, match="bytes"):
        secrets.put("token", value, ADMIN)


def test_the_audit_log_says_who_did_what_and_never_the_value(secrets, store):
    secrets.put("token", "s3cret", ADMIN)
    secrets.delete("token", ADMIN)

    entries = store.audit("default", 10, 0).items
    assert {(each.actor, each.action, each.target) for each in entries} == {
        ("ada", "secrets:put", "token"),
        ("ada", "secrets:delete", "token"),
    }
    assert "s3cret" not in repr(entries)

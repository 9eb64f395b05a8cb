from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from engine.errors import NotFoundError, SettingsError
from engine.ports import AuditEntry
from storage.database import Database
from storage.instance_key import InstanceKey
from storage.migrations import migrate
from storage.settings import SqlSettingStore
from storage.tables import SecretRow

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(database, instance_key):
    return SqlSettingStore(database, instance_key)


@pytest.mark.parametrize("value", [None, False, 0, "", "é", [1, {"a": None}], {"b": 1, "a": 2}])
def test_a_setting_holds_any_json(store, tenant, value):
    store.put(tenant, "key", "before")

    store.put(tenant, "key", value)

    assert store.get(tenant, "key") == value


def test_an_unset_setting_is_none_and_tenants_are_apart(store, tenant):
    store.put(tenant, "key", 1)

    assert store.get(tenant, "other") is None
    assert store.get("other", "key") is None


def test_a_secret_can_be_read_replaced_and_listed_by_name(store, tenant):
    store.put_secret(tenant, "token", "first")
    store.put_secret(tenant, "api", "é")

    store.put_secret(tenant, "token", "second")

    assert store.secret(tenant, "token") == "second"
    assert store.secret(tenant, "api") == "é"
    assert store.secret(tenant, "missing") is None
    assert store.secret("other", "token") is None
    assert store.secret_names(tenant) == ("api", "token")


def test_a_secret_is_not_readable_in_the_database(store, database, tenant):
    store.put_secret(tenant, "token", "s3cret")

    with database.read() as connection:
        kept = connection.execute(
            select(SecretRow.ciphertext).where(SecretRow.tenant_id == tenant)
        ).scalar_one()
    assert "s3cret" not in kept


def test_a_ciphertext_moved_to_another_tenant_cannot_be_read(store, database, tenant):
    store.put_secret(tenant, "mine", "s3cret")
    with database.write() as connection:
        connection.execute(
            update(SecretRow)
            .where(SecretRow.tenant_id == tenant)
            .values(tenant_id=f"{tenant}-thief")
        )

    with pytest.raises(SettingsError, match="cannot be decrypted"):
        store.secret(f"{tenant}-thief", "mine")


def test_a_deleted_secret_is_gone_and_another_tenant_cannot_delete_it(store, tenant):
    store.put_secret(tenant, "token", "s3cret")
    with pytest.raises(NotFoundError):
        store.delete_secret("other", "token")

    store.delete_secret(tenant, "token")

    assert store.secret(tenant, "token") is None
    with pytest.raises(NotFoundError, match="no secret 'token'"):
        store.delete_secret(tenant, "token")


def test_the_audit_log_is_paged_newest_first_within_a_tenant(store, tenant):
    entries = [
        AuditEntry(
            tenant_id=tenant,
            actor="ana",
            action="api.publish",
            target=f"api-{number}",
            at=NOON + timedelta(seconds=number),
            detail={"version": number},
        )
        for number in range(3)
    ]
    for entry in entries:
        store.add_audit(entry)

    page = store.audit(tenant, limit=2, offset=1)

    assert page.items == (entries[1], entries[0])
    assert page.total == 3
    assert store.audit("other", 10, 0).total == 0


def test_metadata_of_another_instance_key_is_refused(empty_url, closing, tmp_path):
    migrate(empty_url)
    database = Database(empty_url)
    closing.append(database)
    first, second = InstanceKey.load(tmp_path / "a"), InstanceKey.load(tmp_path / "b")
    store = SqlSettingStore(database, first)
    first.check_against(store)
    first.check_against(store)

    with pytest.raises(SettingsError, match="another instance key"):
        second.check_against(store)

import pytest
from sqlalchemy import select

from engine.errors import NotFoundError, SettingsError
from engine.model import Connection
from storage.connections import SqlConnectionStore
from storage.instance_key import InstanceKey
from storage.tables import ConnectionRow


@pytest.fixture
def store(database, instance_key):
    return SqlConnectionStore(database, instance_key)


@pytest.fixture
def new_connection(tenant):
    def make(name="warehouse", dsn="postgresql://ana:s3cret@db/sales"):
        return Connection(
            name=name, tenant_id=tenant, dialect="postgres", dsn=dsn, description="sales"
        )

    return make


def stored_dsn(database, tenant):
    with database.read() as connection:
        return connection.execute(
            select(ConnectionRow.dsn).where(ConnectionRow.tenant_id == tenant)
        ).scalar_one()


def test_a_stored_connection_comes_back_as_it_was(store, tenant, new_connection):
    connection = new_connection()

    store.save(connection)

    assert store.all(tenant) == (connection,)


def test_a_dsn_is_not_readable_in_the_database(store, database, tenant, new_connection):
    store.save(new_connection())

    assert "s3cret" not in stored_dsn(database, tenant)
    assert "sales" not in stored_dsn(database, tenant)


def test_a_reference_is_stored_as_it_is(store, database, tenant, new_connection):
    store.save(new_connection(dsn="env:WAREHOUSE_DSN"))

    assert stored_dsn(database, tenant) == "env:WAREHOUSE_DSN"
    assert store.all(tenant)[0].dsn == "env:WAREHOUSE_DSN"


def test_saving_replaces_and_the_list_is_by_name(store, tenant, new_connection):
    store.save(new_connection("b"))
    store.save(new_connection("a"))

    store.save(new_connection("b", dsn="postgresql://other"))

    assert [(found.name, found.dsn[-5:]) for found in store.all(tenant)] == [
        ("a", "sales"),
        ("b", "other"),
    ]


def test_another_tenant_neither_sees_nor_deletes(store, tenant, new_connection):
    store.save(new_connection())

    assert store.all("other") == ()
    with pytest.raises(NotFoundError):
        store.delete("other", "warehouse")
    assert len(store.all(tenant)) == 1


def test_a_deleted_connection_is_gone(store, tenant, new_connection):
    store.save(new_connection())

    store.delete(tenant, "warehouse")

    assert store.all(tenant) == ()


def test_another_instance_key_is_said_and_shows_nothing(
    store, database, tenant, new_connection, tmp_path
):
    store.save(new_connection())

    with pytest.raises(SettingsError, match="cannot be decrypted with this instance key"):
        SqlConnectionStore(database, InstanceKey.load(tmp_path)).all(tenant)

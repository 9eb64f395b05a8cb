import threading
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from engine.errors import BadRequestError, SettingsError, StoreUnavailableError
from storage.database import Database, default_url
from storage.migrations import migrate
from storage.settings import SqlSettingStore
from storage.tables import SettingRow


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://root@localhost/x", "not in mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url, message):
    with pytest.raises(SettingsError, match=message):
        Database(url)


def test_sqlite_is_opened_for_many_readers_and_a_waiting_writer(tmp_path, closing):
    database = Database(default_url(tmp_path))
    closing.append(database)

    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_an_exception_rolls_the_transaction_back(database, tenant, instance_key):
    settings = SqlSettingStore(database, instance_key)

    def put_and_fail():
        now = datetime.now().astimezone()
        with database.writing(tenant) as rows:
            rows.execute(rows.insert(SettingRow, key="a", value={}, updated_at=now))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        put_and_fail()

    assert settings.get(tenant, "a") is None


def test_writers_that_read_first_wait_for_one_another(database, tenant, instance_key):
    settings = SqlSettingStore(database, instance_key)
    settings.put(tenant, "count", 0)

    def count_up():
        for _ in range(10):
            with database.writing(tenant) as rows:
                query = rows.select(SettingRow, SettingRow.value).where(SettingRow.key == "count")
                if not database.is_sqlite:
                    query = query.with_for_update()
                value = rows.execute(query).scalar_one()["value"]
                rows.execute(rows.update(SettingRow).values(value={"value": value + 1}))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert settings.get(tenant, "count") == 40


def test_a_naive_time_is_refused(database, tenant):
    with pytest.raises(Exception, match="needs a time zone"), database.writing(tenant) as rows:
        rows.execute(
            rows.insert(SettingRow, key="a", value={}, updated_at=datetime(2026, 1, 1))  # noqa: DTZ001
        )


def test_every_statement_of_a_tenant_names_it(database):
    with database.reading("ana's") as rows:
        statements = [
            rows.select(SettingRow),
            rows.select(SettingRow, SettingRow.key),
            rows.update(SettingRow).values(key="a"),
            rows.delete(SettingRow),
        ]

    for statement in statements:
        compiled = statement.compile()
        assert "tenant_id = :tenant_id" in str(compiled)
        assert "ana's" in compiled.params.values()


def test_a_database_that_was_not_migrated_is_not_ready(empty_url, closing):
    database = Database(empty_url)
    closing.append(database)

    with pytest.raises(StoreUnavailableError, match="alembic_version"):
        database.ping()


def test_a_migrated_database_is_ready(database):
    database.ping()


def test_a_dead_postgresql_is_unavailable_and_its_password_stays_secret(free_port, closing):
    database = Database(f"postgresql://ana:s3cret@127.0.0.1:{free_port()}/metadata")
    closing.append(database)

    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1 cannot be used") as caught:
        database.ping()

    assert "s3cret" not in str(caught.value)
    assert caught.value.retry_after_s


def test_a_connection_that_postgresql_ended_is_replaced(
    postgres_database, end_connections, closing
):
    migrate(postgres_database)
    database = Database(postgres_database)
    closing.append(database)
    database.ping()

    end_connections(postgres_database)

    database.ping()


def test_a_value_that_postgresql_cannot_hold_is_the_senders_fault(postgres_database, closing):
    migrate(postgres_database)
    database = Database(postgres_database)
    closing.append(database)

    for statement in ("SELECT CAST('x' AS integer)", "SELECT repeat('x', 2000000000)"):
        with pytest.raises(BadRequestError, match="cannot store a value"), database.read() as rows:
            rows.execute(text(statement))


def test_a_file_that_is_damaged_later_is_said_and_left_as_it_is(tmp_path, closing):
    migrate(default_url(tmp_path))
    file = tmp_path / "metadata.sqlite3"
    damage(file)
    content = file.read_bytes()
    database = Database(default_url(tmp_path))
    closing.append(database)

    with (
        pytest.raises(StoreUnavailableError, match="is damaged") as caught,
        database.read() as rows,
    ):
        rows.execute(select(SettingRow)).all()

    assert "backup" in str(caught.value.hint)
    assert file.read_bytes() == content


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)

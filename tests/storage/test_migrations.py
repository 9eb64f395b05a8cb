import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect, text

from engine.errors import SettingsError, StoreUnavailableError
from storage.database import Database, default_url
from storage.definitions import SqlDefinitionStore
from storage.executions import SqlExecutionStore
from storage.migrations import alembic_config, migrate
from storage.rollups import RollupWriter
from storage.tables import Row

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def empty(empty_url, closing):
    database = Database(empty_url)
    closing.append(database)
    return database


def tables_of(database):
    with database.read() as connection:
        return set(inspect(connection).get_table_names())


def test_an_empty_database_gets_every_table(empty, empty_url):
    migrate(empty_url)

    assert tables_of(empty) == set(Row.metadata.tables) | {"alembic_version"}


def test_the_migrations_make_what_the_models_say(empty, empty_url):
    migrate(empty_url)

    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, Row.metadata)
    assert differences == []


def test_migrating_again_keeps_what_is_there(empty, empty_url):
    migrate(empty_url)
    insert = "INSERT INTO tb_role_binding VALUES ('t', :id, 'ana', 'admin', 'bo', '2026-01-01')"
    with empty.write() as connection:
        connection.execute(text(insert), {"id": "0" * 32})

    migrate(empty_url)

    with empty.read() as connection:
        assert connection.execute(text("SELECT subject FROM tb_role_binding")).all() == [("ana",)]


def test_every_revision_can_be_undone_and_done_again(empty, empty_url):
    migrate(empty_url)

    with empty.write() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert tables_of(empty) == {"alembic_version"}
    migrate(empty_url)

    assert "tb_api_definition" in tables_of(empty)


def test_a_table_can_be_rebuilt_without_losing_rows_that_refer_to_it(
    empty, empty_url, tenant, new_api
):
    migrate(empty_url)
    store = SqlDefinitionStore(empty)
    api = store.create(new_api(), note="first")

    with empty.rebuild() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("tb_api_definition", recreate="auto") as table:
            table.alter_column("description", nullable=True)

    assert len(store.versions(tenant, api.id)) == 1
    store.delete(tenant, api.id)
    assert store.versions(tenant, api.id) == ()


def test_the_command_line_of_alembic_finds_the_scripts_and_no_difference(empty_url):
    migrate(empty_url)

    subprocess.run(
        [sys.executable, "-W", "error", "-m", "alembic", "-x", f"url={empty_url}", "check"],
        check=True,
        cwd=REPOSITORY,
    )


def test_many_that_start_together_migrate_once(empty, empty_url):
    code = "import sys; from storage.migrations import migrate; migrate(sys.argv[1])"
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code, empty_url], cwd=REPOSITORY)
        for _ in range(3)
    ]
    threads = [threading.Thread(target=migrate, args=(empty_url,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with empty.read() as connection:
        assert len(connection.execute(text("SELECT * FROM alembic_version")).all()) == 1


def test_a_schema_newer_than_the_code_is_refused_and_left_as_it_is(empty, empty_url):
    migrate(empty_url)
    with empty.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SettingsError, match="schema 9999, which is newer"):
        migrate(empty_url)

    with empty.read() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert found == "9999"


def test_migrating_works_from_any_folder(tmp_path):
    code = "import sys; from storage.migrations import migrate; migrate(sys.argv[1])"

    subprocess.run(
        [sys.executable, "-W", "error", "-c", code, default_url(tmp_path / "a %d é")],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )

    assert (tmp_path / "a %d é" / "metadata.sqlite3").stat().st_size


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 8192]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path, content):
    file = tmp_path / "metadata.sqlite3"
    file.write_bytes(content)

    with pytest.raises(StoreUnavailableError, match="is damaged") as caught:
        migrate(default_url(tmp_path))

    assert str(file) in caught.value.message
    assert file.read_bytes() == content


def test_a_damaged_database_without_our_tables_is_not_written(tmp_path, closing):
    database = Database(default_url(tmp_path))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE other (text)"))
        connection.execute(text("INSERT INTO other VALUES (hex(zeroblob(20000)))"))
    database.close()
    file = tmp_path / "metadata.sqlite3"
    content = file.read_bytes()[:4096] + b"\xff" * (file.stat().st_size - 4096)
    file.write_bytes(content)

    with pytest.raises(StoreUnavailableError, match="is damaged"):
        migrate(default_url(tmp_path))

    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_a_setting_to_mend(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="cannot be used") as caught:
        migrate(default_url(tmp_path / "file" / "data"))

    assert "API_ENGINE_DATA_DIR" in str(caught.value.hint)


def test_the_data_folder_is_made_for_its_user_only(tmp_path):
    migrate(default_url(tmp_path / "data"))

    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_dead_postgresql_is_unavailable(free_port):
    with pytest.raises(StoreUnavailableError, match="cannot be used"):
        migrate(f"postgresql://ana@127.0.0.1:{free_port()}/metadata")


def test_a_role_without_rights_is_told_and_changes_nothing(postgres_reader_url):
    with pytest.raises(StoreUnavailableError, match="permission denied"):
        migrate(postgres_reader_url)


def test_sums_of_quarters_are_made_from_the_minutes_and_hours_there_are(
    empty, empty_url, new_record
):
    migrate(empty_url)
    start = datetime(2026, 3, 4, tzinfo=UTC)
    moments = [start + timedelta(minutes=7 * n) for n in range(300)]
    records = [
        new_record(created_at=moment, duration_ms=float(n)) for n, moment in enumerate(moments)
    ]
    SqlExecutionStore(empty).insert(records)
    RollupWriter(empty).fold(start + timedelta(days=30))
    columns = "id, grain, start_s, calls, total_ms, min_ms, max_ms, last_id, buckets"
    quarters = text(
        f"SELECT {columns} FROM tb_metric_rollup WHERE grain LIKE 'quarter%' ORDER BY id"  # noqa: S608 - fixed
    )
    with empty.read() as connection:
        folded = [str(row) for row in connection.execute(quarters)]

    with empty.write() as connection:
        command.downgrade(alembic_config(connection), "0008")
        assert connection.execute(quarters).all() == []
    migrate(empty_url)

    assert folded
    with empty.read() as connection:
        assert [str(row) for row in connection.execute(quarters)] == folded

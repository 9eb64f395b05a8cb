"""A backup brings back what there was, on either database, whole or not at all."""

import gzip
import json
import threading
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from engine.errors import BadRequestError, ConflictError
from engine.model import ApiDefinition
from engine.ports import AuditEntry
from storage.backup import FORMAT, read_header, restore_backup, write_backup
from storage.database import Database, default_url
from storage.definitions import SqlDefinitionStore
from storage.instance_key import InstanceKey
from storage.migrations import migrate
from storage.settings import SqlSettingStore
from storage.tables import EventRow, Row, SessionRow, table_of

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def an_api(number):
    return ApiDefinition(
        id=uuid4(),
        api_name=f"api-{number}",
        logic_type="sql",
        logic_body="SELECT 1",
        tags=("a", "b"),
        version=1,
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.fixture
def empty(empty_url):
    migrate(empty_url)
    with closing(Database(empty_url)) as database:
        yield database


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A SQLite database with rows of every kind of column."""
    folder = tmp_path_factory.mktemp("filled")
    url = default_url(folder)
    migrate(url)
    with closing(Database(url)) as database:
        key = InstanceKey.load(folder)
        settings = SqlSettingStore(database, key)
        key.check_against(settings)
        settings.put("default", "é", {"b": [1, None], "a": "☃"})
        settings.put_secret("default", "token", "s3cret")
        settings.add_audit(AuditEntry("default", "ana", "x", "y", NOON, {"z": 1}))
        apis = SqlDefinitionStore(database)
        for number in range(3):
            apis.create(an_api(number), note="first")
        yield database


def rows_of(database):
    with database.snapshot() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).mappings()))
            for table in Row.metadata.sorted_tables
        }


def test_what_is_restored_is_what_was_backed_up(filled, empty, tmp_path):
    file = tmp_path / "backup"

    written = write_backup(filled, file)
    restored = restore_backup(empty, file)

    assert written == restored
    assert written["tb_api_version"] >= 3
    assert rows_of(empty) == rows_of(filled)
    again = tmp_path / "again"
    write_backup(empty, again)
    assert sorted(lines(again)[1:]) == sorted(lines(file)[1:])


def lines(file):
    return gzip.decompress(file.read_bytes()).decode().splitlines()


def test_the_file_is_for_its_user_alone_and_holds_no_secret_in_clear(filled, tmp_path):
    file = tmp_path / "backup"

    write_backup(filled, file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in "\n".join(lines(file))
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_there_is_kept_unless_it_is_to_be_replaced(filled, empty, tmp_path, new_api):
    file = tmp_path / "backup"
    write_backup(filled, file)
    SqlDefinitionStore(empty).create(new_api(), note="")
    before = rows_of(empty)

    with pytest.raises(ConflictError, match="is not empty"):
        restore_backup(empty, file)

    assert rows_of(empty) == before
    restore_backup(empty, file, replace=True)
    assert rows_of(empty) == rows_of(filled)


@pytest.mark.parametrize("damage", ["cut", "changed", "shortened", "foreign"])
def test_a_damaged_file_changes_nothing(filled, empty, tmp_path, new_api, damage):
    file = tmp_path / "backup"
    write_backup(filled, file)
    whole = file.read_bytes()
    text = lines(file)
    if damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "changed":
        file.write_bytes(whole[:-40] + bytes(8) + whole[-32:])
    elif damage == "shortened":
        file.write_bytes(gzip.compress("\n".join(text[:-2] + text[-1:]).encode()))
    else:
        file.write_bytes(gzip.compress("\n".join([text[0], '["tb_x", {}]']).encode()))
    SqlDefinitionStore(empty).create(new_api(), note="")
    before = rows_of(empty)

    with pytest.raises(BadRequestError):
        restore_backup(empty, file, replace=True)

    assert rows_of(empty) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"plain", gzip.compress(b"{}\n"), gzip.compress(b"[1")],
    ids=["empty", "plain", "no header", "no JSON"],  # what is compressed carries the time
)
def test_what_is_no_backup_is_refused(tmp_path, content):
    file = tmp_path / "backup"
    file.write_bytes(content)

    with pytest.raises(BadRequestError, match="no backup"):
        read_header(file)
    with pytest.raises(BadRequestError, match="there is no file"):
        read_header(tmp_path / "gone")


def test_a_backup_of_another_schema_is_refused(filled, empty, tmp_path):
    file = tmp_path / "backup"
    header = {"format": FORMAT, "schema": "0001", "made_at": "", "instance_key": None}
    file.write_bytes(gzip.compress(json.dumps(header).encode()))

    with pytest.raises(BadRequestError, match="of schema 0001"):
        restore_backup(empty, file)


def test_a_backup_is_of_one_moment_while_others_write(filled, tmp_path, new_api):
    """Each API has its version in the backup, however many are made meanwhile."""
    store, stop = SqlDefinitionStore(filled), threading.Event()

    def work():
        while not stop.is_set():
            store.create(new_api(), note="")

    writer = threading.Thread(target=work, daemon=True)
    writer.start()
    try:
        for number in range(5):
            counts = write_backup(filled, tmp_path / f"backup{number}")
            assert counts["tb_api_definition"] == counts["tb_api_version"]
    finally:
        stop.set()
        writer.join()


def test_the_log_can_be_left_out_and_sessions_never_come_along(filled, tmp_path):
    counts = write_backup(filled, tmp_path / "backup", with_log=False)

    assert "tb_api_execution_log" not in counts
    assert "tb_metric_rollup" not in counts
    assert table_of(SessionRow).name not in write_backup(filled, tmp_path / "backup")


def test_numbers_go_on_behind_those_that_were_restored(filled, empty, tmp_path):
    file, events = tmp_path / "backup", table_of(EventRow)
    write_backup(filled, file)
    text = lines(file)
    counts = json.loads(text[-1])
    counts["rows"][events.name] = 1
    values = {
        column.name: value
        for column in events.columns
        if not column.nullable and (value := SAMPLE.get(type(column.type).__name__)) is not None
    }
    row = json.dumps([events.name, {**values, "seq": 41}])
    file.write_bytes(gzip.compress("\n".join([*text[:-1], row, json.dumps(counts)]).encode()))

    restore_backup(empty, file)

    with empty.write() as connection:
        stored = connection.execute(select(events)).mappings().one()
        fresh = {name: value for name, value in stored.items() if name != "seq"}
        fresh |= {name: f"{value}-2" for name, value in fresh.items() if value == "text"}
        connection.execute(insert(events).values(**fresh))
        numbers = connection.execute(select(events.c.seq).order_by(events.c.seq)).scalars().all()
    assert numbers == [41, 42]


SAMPLE = {
    "Text": "text",
    "UtcDateTime": NOON.isoformat(),
    "JSON": {},
    "Uuid": "6f1c1a1e-0000-4000-8000-000000000000",
}

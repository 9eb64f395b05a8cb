import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from engine.errors import BadRequestError, SettingsError, StoreUnavailableError
from engine.model import ExecutionQuery, ExecutionRecord
from storage import journal as journal_module
from storage.database import Database, default_url
from storage.executions import SqlExecutionStore
from storage.journal import REJECTS, FileJournal
from storage.journal_segment import SUFFIX, Segment, encode
from storage.migrations import migrate


class RecordingStore:
    """An in-memory ExecutionStore's `insert`, which can be away or refuse records."""

    def __init__(self):
        self.records: dict[UUID, ExecutionRecord] = {}
        self.batches: list[int] = []
        self.away = False
        self.refused: set[UUID] = set()

    def insert(self, records):
        if self.away:
            raise StoreUnavailableError("the store is away")
        if any(record.id in self.refused for record in records):
            raise BadRequestError("a value cannot be stored")
        self.batches.append(len(records))
        for record in records:
            self.records.setdefault(record.id, record)


@pytest.fixture
def store():
    return RecordingStore()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def open_journal(store, folder, closing):
    def make(*listeners, into=store):
        journal = FileJournal(folder, into, listeners)
        closing.append(journal)
        return journal

    return make


def segments(folder):
    return sorted(folder.glob(f"*{SUFFIX}"))


def leave_behind(folder: Path, *lines: bytes) -> Path:
    """Make the file of a process that died."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{uuid4().hex}{SUFFIX}"
    path.write_bytes(b"".join(lines))
    return path


def test_an_appended_record_is_in_the_file_at_once(open_journal, folder, store, new_record):
    store.away = True
    record = new_record(response_data="é\n☃", metadata={"trace": [{"stage": "auth"}]})

    open_journal().append(record)

    [path] = segments(folder)
    assert path.read_bytes() == encode(record)
    assert path.stat().st_mode & 0o077 == 0


def test_records_reach_the_store_unchanged_by_themselves(open_journal, store, new_record):
    records = [new_record(response_data="é\n☃", request_params={"a": [1, None]}) for _ in range(3)]
    journal = open_journal()

    for record in records:
        journal.append(record)
    wait_until(lambda: len(store.records) == 3)

    assert list(store.records.values()) == records


def test_a_batch_holds_at_most_the_agreed_number_of_records(
    open_journal, store, new_record, monkeypatch
):
    monkeypatch.setattr(journal_module, "LARGEST_BATCH", 1000)
    store.away = True
    journal = open_journal()
    for _ in range(1500):
        journal.append(new_record())
    store.away = False

    journal.flush()

    assert sum(store.batches) == 1500
    assert max(store.batches) == journal_module.LARGEST_BATCH


def test_flush_returns_when_everything_is_stored(open_journal, store, new_record):
    journal = open_journal()
    record = new_record()
    journal.append(record)

    journal.flush()

    assert store.records == {record.id: record}
    assert journal.stats().pending == journal.stats().backlog_bytes == 0


def test_flush_says_so_at_once_when_the_store_is_away(open_journal, store, new_record):
    store.away = True
    journal = open_journal()
    journal.append(new_record())
    started = time.monotonic()

    with pytest.raises(StoreUnavailableError, match="the store is away"):
        journal.flush(timeout_s=30)

    assert time.monotonic() - started < 5


def test_nothing_is_lost_while_the_store_is_away(open_journal, store, new_record):
    store.away = True
    journal = open_journal()
    records = [new_record() for _ in range(300)]
    for record in records:
        journal.append(record)
    with pytest.raises(StoreUnavailableError):
        journal.flush()
    assert journal.stats().pending == 300
    assert journal.stats().failure == "the store is away"

    store.away = False
    journal.flush()

    assert list(store.records.values()) == records
    assert journal.stats().failure is None


def test_calls_are_refused_and_counted_while_too_much_waits(store, folder, closing, new_record):
    store.away = True
    journal = FileJournal(folder, store, max_backlog_bytes=1_000)
    closing.append(journal)
    journal.check_room()
    records = [new_record() for _ in range(3)]
    for record in records:
        journal.append(record)  # what runs is recorded all the same

    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="no call is run"):
            journal.check_room()

    assert (journal.stats().refused, journal.stats().limit_bytes) == (2, 1_000)
    store.away = False
    journal.flush()
    journal.check_room()
    assert list(store.records.values()) == records


def test_the_store_is_tried_again_without_being_asked(open_journal, store, new_record):
    store.away = True
    journal = open_journal()
    journal.append(new_record())
    wait_until(lambda: journal.stats().failure is not None)

    store.away = False

    wait_until(lambda: len(store.records) == 1)


def test_a_moved_record_leaves_the_file(open_journal, folder, new_record):
    journal = open_journal()
    journal.append(new_record())

    journal.flush()

    wait_until(lambda: [path.stat().st_size for path in segments(folder)] == [0])


def test_a_large_file_is_followed_by_another(open_journal, folder, store, new_record, monkeypatch):
    monkeypatch.setattr(journal_module, "MAX_SEGMENT_BYTES", 5_000)
    store.away = True
    journal = open_journal()
    records = [new_record(response_data="x" * 1_000) for _ in range(20)]
    for record in records:
        journal.append(record)
    assert len(segments(folder)) > 2

    store.away = False
    journal.flush()

    assert list(store.records.values()) == records
    wait_until(lambda: len(segments(folder)) == 1)


def test_a_record_larger_than_the_read_buffer_is_moved_whole(open_journal, store, new_record):
    journal = open_journal()
    records = [new_record(response_data="x" * size) for size in (3_000_000, 10, 1_100_000)]
    for record in records:
        journal.append(record)

    journal.flush()

    assert list(store.records.values()) == records


def test_many_threads_append_without_mixing_their_lines(open_journal, store, new_record):
    journal = open_journal()
    records = [[new_record() for _ in range(100)] for _ in range(8)]
    threads = [
        threading.Thread(target=lambda mine=mine: [journal.append(record) for record in mine])
        for mine in records
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    journal.flush()

    assert store.records == {record.id: record for mine in records for record in mine}


def test_the_file_of_a_dead_process_is_imported_and_removed(
    open_journal, folder, store, new_record
):
    records = [new_record(), new_record()]
    leftover = leave_behind(folder, *map(encode, records))

    open_journal().flush()

    assert list(store.records.values()) == records
    wait_until(lambda: not leftover.exists())


def test_the_file_of_a_process_that_dies_later_is_imported_too(
    open_journal, folder, store, new_record, monkeypatch
):
    monkeypatch.setattr(journal_module, "ADOPT_S", 0.05)
    open_journal()

    record = new_record()
    leftover = leave_behind(folder, encode(record))

    wait_until(lambda: record.id in store.records and not leftover.exists())


def test_the_file_of_a_living_process_is_left_alone(open_journal, folder, store, new_record):
    folder.mkdir()
    owned = Segment.create(folder)
    owned.append(encode(new_record()))

    open_journal().flush()

    assert store.records == {}
    owned.close()


def test_importing_twice_stores_once(open_journal, folder, database, tenant, new_record):
    record = new_record()
    executions = SqlExecutionStore(database)
    executions.insert([record])
    leave_behind(folder, encode(record), encode(record))

    open_journal(into=executions).flush()

    assert executions.search(tenant, ExecutionQuery()).total == 1


def test_two_processes_that_start_together_import_a_leftover_once(
    open_journal, folder, store, new_record
):
    told: list[int] = []
    leave_behind(folder, *(encode(new_record()) for _ in range(500)))
    journals = [open_journal(lambda batch: told.append(len(batch))) for _ in range(4)]

    for journal in journals:
        journal.flush()

    assert sum(told) == len(store.records) == 500


def test_a_torn_last_line_does_not_stop_the_others(open_journal, folder, store, new_record):
    whole, torn = new_record(), new_record()
    leave_behind(folder, encode(whole), encode(torn)[:-20])
    journal = open_journal()

    journal.flush()

    assert list(store.records) == [whole.id]
    assert journal.stats().rejected == 1


def test_a_damaged_line_is_set_aside_and_the_others_are_stored(
    open_journal, folder, store, new_record
):
    first, last = new_record(), new_record()
    leave_behind(folder, encode(first), b"\0\xff\0 no record\n", encode(last))
    journal = open_journal()

    journal.flush()

    assert list(store.records) == [first.id, last.id]
    assert (folder / REJECTS).read_bytes() == b"\0\xff\0 no record\n"


def test_a_record_the_store_refuses_is_set_aside_and_the_others_are_stored(
    open_journal, folder, store, new_record
):
    heard: list[UUID] = []
    good, bad, better = new_record(), new_record(), new_record()
    store.refused = {bad.id}
    store.away = True
    journal = open_journal(lambda batch: heard.extend(record.id for record in batch))
    for record in (good, bad, better):
        journal.append(record)
    store.away = False

    journal.flush()

    assert list(store.records) == heard == [good.id, better.id]
    assert (folder / REJECTS).read_bytes() == encode(bad)


def test_a_listener_that_fails_is_said_and_holds_up_nothing(
    open_journal, store, new_record, caplog
):
    heard: list[int] = []

    def fail(batch):
        raise ValueError("roll-up")

    journal = open_journal(fail, lambda batch: heard.append(len(batch)))
    journal.append(new_record())

    journal.flush()

    assert heard == [1]
    assert "a listener of the journal failed" in caplog.text


def test_a_closed_journal_leaves_no_file_and_takes_no_record(open_journal, folder, new_record):
    journal = open_journal()
    journal.append(new_record())

    journal.close()

    assert segments(folder) == []
    with pytest.raises(StoreUnavailableError, match="closed"):
        journal.append(new_record())


def test_closing_while_the_store_is_away_leaves_the_records_for_the_next_start(
    open_journal, folder, store, new_record
):
    record = new_record()
    store.away = True
    journal = open_journal()
    journal.append(record)
    journal.close()
    assert store.records == {}

    store.away = False
    open_journal().flush()

    assert store.records == {record.id: record}


def test_a_full_disk_refuses_the_record_and_spoils_no_other(folder, new_record):
    folder.mkdir()
    segment = Segment.create(folder)
    before, after = encode(new_record()), encode(new_record())
    segment.append(before)
    limit_file_size(segment.written + 100)
    with pytest.raises(OSError, match="File too large"):
        segment.append(encode(new_record()))
    limit_file_size(None)

    segment.append(after)

    lines, _ = segment.read(10, segment.written)
    assert (lines[0], lines[2]) == (before.rstrip(), after.rstrip())
    segment.close()


def test_a_folder_that_cannot_be_written_is_a_setting_to_mend(tmp_path, store):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="cannot be used") as caught:
        FileJournal(tmp_path / "file" / "journal", store)

    assert "API_ENGINE_DATA_DIR" in str(caught.value.hint)


WORKER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from uuid import uuid4
from engine.model import ExecutionRecord
from storage.database import Database, default_url
from storage.executions import SqlExecutionStore
from storage.journal import FileJournal

data_dir = Path(sys.argv[1])
journal = FileJournal(data_dir / "journal", SqlExecutionStore(Database(default_url(data_dir))))

def work():
    while True:
        record = ExecutionRecord(
            id=uuid4(), api_id=None, api_name="delays", api_version=1, tenant_id="default",
            executed_by="ana", source="rest", trace_id="t", status="success", duration_ms=1,
            response_status=200, response_data="x" * 500, created_at=datetime.now(UTC),
        )
        journal.append(record)
        os.write(1, f"{record.id}\\n".encode())

for _ in range(4):
    Thread(target=work).start()
"""


def test_every_answer_given_before_a_sigkill_is_in_the_log(tmp_path, closing):
    migrate(default_url(tmp_path))
    answered: set[str] = set()
    for _ in range(3):
        answered |= answers_until_killed(tmp_path)
    database = Database(default_url(tmp_path))
    executions = SqlExecutionStore(database)
    closing += [database, FileJournal(tmp_path / "journal", executions)]

    closing[-1].flush(30)

    with database.read() as connection:
        logged = connection.exec_driver_sql("SELECT id FROM tb_api_execution_log").scalars().all()
    assert len(answered) > 1_000
    assert answered <= {str(UUID(found)) for found in logged}
    wait_until(lambda: len(segments(tmp_path / "journal")) == 1)


def answers_until_killed(data_dir: Path) -> set[str]:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(data_dir)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert worker.stdout is not None
    output = b"".join(worker.stdout.readline() for _ in range(1_500))
    worker.send_signal(signal.SIGKILL)
    output += worker.stdout.read()
    worker.stdout.close()
    worker.wait()
    return set(output.decode().split("\n")[:-1])


def limit_file_size(size: int | None) -> None:
    import resource

    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited if size is None else size, unlimited))


def wait_until(condition, timeout_s: float = 5.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)

"""Every answer given before a SIGKILL is in the log once, and counted once in its sums."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.ports import RollupQuery
from storage.database import Database
from storage.executions import SqlExecutionStore
from storage.journal import FileJournal
from storage.migrations import migrate
from storage.rollup_reading import SqlRollupStore
from storage.rollups import RollupWriter

THREADS = 3
CALLS = (50, 150, 400, 700, 1000, 1500, 2000, 2500, 3500, 5000)
"""After how many answers each worker is killed: at different points of its background work."""

WORKER = """
import os, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4
from engine.model import ExecutionRecord
from storage.database import Database
from storage.executions import SqlExecutionStore
from storage.journal import FileJournal
from storage.rollups import RollupWriter

database = Database(sys.argv[1])
journal = FileJournal(Path(sys.argv[2]), SqlExecutionStore(database))
fields = dict(api_id=UUID(int=1), api_name="a", api_version=1, tenant_id="t", executed_by="ana",
    source="rest", trace_id="t", status="success", duration_ms=1.0, response_status=200)

def answer():
    while True:
        record = ExecutionRecord(id=uuid4(), created_at=datetime.now(UTC), **fields)
        journal.append(record)
        os.write(1, f"{record.id}\\n".encode())

def fold():
    writer = RollupWriter(database)
    while True:
        writer.fold(datetime.now(UTC))

for _ in range(3):
    threading.Thread(target=answer, daemon=True).start()
threading.Thread(target=fold, daemon=True).start()
threading.Event().wait()
"""


@pytest.fixture
def answered(empty_url, tmp_path):
    """The ids that workers answered with before they were killed, one after another."""
    migrate(empty_url)
    ids: set[str] = set()
    for calls in CALLS:
        ids |= _answers_until_killed(calls, empty_url, tmp_path / "journal")
    return ids


def _answers_until_killed(calls: int, url: str, folder: Path) -> set[str]:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert worker.stdout is not None
    output = b"".join(worker.stdout.readline() for _ in range(calls))
    worker.send_signal(signal.SIGKILL)
    output += worker.stdout.read()
    worker.stdout.close()
    worker.wait()
    return set(output.decode().split("\n")[:-1])


def test_answers_rows_and_sums_are_the_same_number(answered, empty_url, tmp_path, closing):
    database = Database(empty_url)
    closing += [database, FileJournal(tmp_path / "journal", SqlExecutionStore(database))]

    closing[-1].flush(60)

    with database.read() as connection:
        logged = connection.execute(text("SELECT id FROM tb_api_execution_log")).scalars().all()
    kept = {str(each).replace("-", "") for each in logged}
    now = datetime.now(UTC)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    RollupWriter(database).fold(now + timedelta(hours=1))
    assert len(answered) >= sum(CALLS)
    assert {each.replace("-", "") for each in answered} <= kept
    assert len(kept) - len(answered) <= len(CALLS) * THREADS
    for step_s in (60, 3600, 86_400):
        for facet in ("all", "source", "user"):
            query = RollupQuery(
                since=since, until=since + timedelta(days=3), step_s=step_s, facet=facet
            )
            found = SqlRollupStore(database).read("t", query)
            assert sum(each.tally.calls for each in found) == len(kept)
    [ever] = SqlRollupStore(database).lifetime("t")
    assert ever.tally.calls == sum(ever.tally.buckets) == len(kept)

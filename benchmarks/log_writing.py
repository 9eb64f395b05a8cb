"""What a record costs: on the way of the call that leaves it, and in the thread that stores it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from benchmarks.effort import Effort
from benchmarks.log_metrics import opened_postgres, opened_sqlite
from benchmarks.log_rows import Traffic
from benchmarks.rounds import Figure, Subject, measure, table
from engine.executor_monitoring import Monitor
from engine.facade import local_caller
from engine.model import ExecutionRecord, ExecutionResult
from engine.model.execution import TraceStage
from storage.database import Database
from storage.executions import SqlExecutionStore
from storage.journal import LARGEST_BATCH as BATCH
from storage.journal import FileJournal
from storage.journal_delivery import Delivery
from storage.journal_segment import encode

TITLE = "Writing the execution log"
_TRACE = tuple(
    TraceStage(stage=stage, verdict="ok", duration_ms=0.1, detail={"number": 1})
    for stage in ("resolve", "auth", "params", "limits", "breaker", "attempt")
)
_ROWS = b'{"columns":[{"name":"n","type":"INTEGER"}],"rows":[{"n":1}],"row_count":1}'


def run(effort: Effort) -> str:
    """The cost on the call's way, and records a second into each database."""
    with opened_sqlite() as database:
        figures = _on_the_call_s_way(database, effort)
    parts = [table(figures)]
    for name, opened in {"SQLite": opened_sqlite, "PostgreSQL": opened_postgres}.items():
        with opened() as database:
            parts.append(f"{name}: {_stored(database, effort)}")
    return "\n\n".join(parts)


def _on_the_call_s_way(database: Database, effort: Effort) -> tuple[Figure, ...]:
    with tempfile.TemporaryDirectory(prefix="api-engine-bench-") as folder:
        journal = FileJournal(Path(folder), SqlExecutionStore(database))
        monitor = Monitor(journal, max_logged_bytes=1_000_000)
        record = next(_busy_seconds(10))
        subjects = [
            Subject("append a record to the journal", lambda _: journal.append(record)),
            Subject("make the record of a call and append it", lambda _: _record(monitor)),
        ]
        try:
            return measure(subjects, rounds=effort.rounds, calls=200)
        finally:
            journal.close()


def _record(monitor: Monitor) -> None:
    result = ExecutionResult(
        execution_id=uuid4(),
        status="success",
        data_json=_ROWS,
        duration_ms=1.5,
        version=1,
        trace_id="0" * 32,
        attempts=1,
        trace=_TRACE,
    )
    monitor.record(
        result,
        api_name="bench",
        api_id=uuid4(),
        caller=local_caller(),
        source="rest",
        created_at=datetime.now(UTC),
        params={"n": 1},
    )


def _stored(database: Database, effort: Effort) -> str:
    """How fast the journal's lines are read and stored, with their sums, in its largest batches."""
    lines = [encode(record) for record in _busy_seconds(max(effort.log_rows // 4, BATCH))]
    with tempfile.TemporaryDirectory(prefix="api-engine-bench-") as folder:
        delivery = Delivery(SqlExecutionStore(database), (), Path(folder) / "rejects")
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(lines), BATCH):
            delivery.deliver(lines[start : start + BATCH])
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    return (
        f"{len(lines):,} records stored at {len(lines) / took_s:,.0f} a second; "
        f"each takes {cpu_s / len(lines) * 1e6:.0f} µs of this process's time."
    )


def _busy_seconds(count: int) -> Iterator[ExecutionRecord]:
    """Calls as they come when there are five thousand a second."""
    now = datetime.now(UTC)
    for records in Traffic(calls=count, until=now, days=1).hours():
        for record in records:
            now += timedelta(microseconds=200)
            yield record.model_copy(update={"created_at": now})

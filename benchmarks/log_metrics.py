"""What metrics cost over a large execution log, on both databases, and how exact they are."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from benchmarks.effort import Effort
from benchmarks.log_rows import TENANT, LogFiller, Traffic
from benchmarks.postgres import PostgresCluster
from benchmarks.rounds import Subject, measure, table
from engine.metrics import Metrics, MetricsQuery
from engine.metrics_window import Kept
from engine.model import Caller
from engine.model.latency import RANK_ERROR
from storage.database import Database, default_url
from storage.executions import SqlExecutionStore
from storage.journal import FileJournal
from storage.migrations import migrate
from storage.rollup_reading import SqlRollupStore
from storage.tables import ExecutionRow, table_of

TITLE = "Metrics over a large execution log"
CALLER = Caller(subject="bench", tenant_id=TENANT, roles=frozenset({"viewer"}))
WINDOWS = {"1 h": timedelta(hours=1), "24 h": timedelta(days=1), "30 days": timedelta(days=30)}
KEPT = Kept(minutes=timedelta(days=2), hours=timedelta(days=90))


def run(effort: Effort) -> str:
    """Fill a log in each database, and ask for every window in turns."""
    parts = []
    traffic = Traffic(calls=effort.log_rows, until=datetime.now(UTC))
    for name, opened in {"SQLite": opened_sqlite, "PostgreSQL": opened_postgres}.items():
        with opened() as database, _metrics(database, traffic) as metrics:
            began = time.perf_counter()
            LogFiller(database).fill(traffic)
            took_s = time.perf_counter() - began
            figures = measure(_subjects(metrics, traffic), rounds=effort.rounds, calls=3, warm_up=1)
            parts += [
                f"{name}: {effort.log_rows:,} executions of {traffic.days} days, "
                f"stored in {took_s:.0f} s.",
                table(figures),
                _exactness(metrics, database, traffic),
            ]
    return "\n\n".join(parts)


@contextmanager
def _metrics(database: Database, traffic: Traffic) -> Iterator[Metrics]:
    """Metrics as they are asked for at the end of the traffic."""
    with tempfile.TemporaryDirectory(prefix="api-engine-bench-") as folder:
        journal = FileJournal(Path(folder), SqlExecutionStore(database))
        try:
            yield Metrics(SqlRollupStore(database), journal, KEPT, clock=lambda: traffic.until)
        finally:
            journal.close()


def _subjects(metrics: Metrics, traffic: Traffic) -> list[Subject]:
    subjects = []
    for name, window in WINDOWS.items():
        queries = {
            "all APIs": MetricsQuery(window=window),
            "one API": MetricsQuery(window=window, api_id=traffic.api_ids[0]),
            "by API": MetricsQuery(window=window, group_by="api"),
        }
        for what, query in queries.items():
            subjects.append(Subject(f"{name}, {what}", partial(_ask, metrics, query)))
    return subjects


def _ask(metrics: Metrics, query: MetricsQuery, _: int) -> None:
    metrics.report(query, CALLER)


def _exactness(metrics: Metrics, database: Database, traffic: Traffic) -> str:
    """The percentiles of one API's last day, beside those of its rows."""
    api_id = traffic.api_ids[0]
    log = table_of(ExecutionRow)
    report = metrics.report(MetricsQuery(window=WINDOWS["24 h"], api_id=api_id), CALLER)
    wanted = (
        (log.c.tenant_id == TENANT)
        & (log.c.api_id == api_id)
        & (log.c.created_at >= report.since)
        & (log.c.status != "rejected")
    )
    with database.read() as connection:
        exact = sorted(connection.execute(select(log.c.duration_ms).where(wanted)).scalars())
    errors = []
    for percent, found in ((50, report.total.p50_ms), (95, report.total.p95_ms)):
        if found is not None and exact:
            below = sum(each <= found + 0.001 for each in exact) / len(exact)
            errors.append(f"p{percent} is off by {abs(below - percent / 100):.2%} of the ranks")
    return (
        f"Of {len(exact):,} calls {' and '.join(errors)}; "
        f"{RANK_ERROR:.2%} are documented. Counted: {report.total.calls - report.total.rejected:,}."
    )


@contextmanager
def opened_sqlite() -> Iterator[Database]:
    """An empty database in a file of its own."""
    with tempfile.TemporaryDirectory(prefix="api-engine-bench-") as folder:
        yield from _migrated(default_url(Path(folder)))


@contextmanager
def opened_postgres() -> Iterator[Database]:
    """An empty database on a server of its own, which waits for no disk."""
    cluster = PostgresCluster()
    try:
        yield from _migrated(cluster.url("postgres"))
    finally:
        cluster.stop()


def _migrated(url: str) -> Iterator[Database]:
    migrate(url)
    database = Database(url)
    try:
        yield database
    finally:
        database.close()

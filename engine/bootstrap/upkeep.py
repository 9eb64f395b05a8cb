"""The background work on the execution log and its sums."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from engine.metrics_window import Kept
from engine.settings import Settings
from engine.upkeep import Upkeep
from storage.cep_events import SqlEventStore
from storage.cep_firings import SqlFiringStore
from storage.database import Database
from storage.leases import SqlLeases
from storage.retention import Retention
from storage.rollup_keys import Grain
from storage.rollups import RollupWriter
from storage.tools import SqlToolStore

_UPKEEP_S = 60.0


def start_upkeep(settings: Settings, database: Database) -> Upkeep:
    """The background work on the execution log and its sums, in one process at a time."""
    writer, retention = RollupWriter(database), Retention(database)
    kept: dict[Grain, int] = {
        "minute": settings.metrics_minute_days,
        "quarter_hour": settings.metrics_minute_days,
        "hour": settings.metrics_hour_days,
        "quarter_day": settings.metrics_hour_days,
        "day": settings.metrics_day_days,
    }

    def fold() -> None:
        writer.fold(datetime.now(UTC) - timedelta(minutes=1))

    def drop_executions() -> None:
        retention.drop_executions(timedelta(days=settings.log_retention_days), datetime.now(UTC))

    def drop_sums() -> None:
        for grain, days in kept.items():
            retention.drop_sums(grain, timedelta(days=days), datetime.now(UTC))

    def drop_events() -> None:
        before = datetime.now(UTC) - timedelta(days=settings.event_retention_days)
        SqlEventStore(database).drop_before(before)

    def drop_firings() -> None:
        before = datetime.now(UTC) - timedelta(days=settings.log_retention_days)
        SqlFiringStore(database).drop_before(before)

    def drop_tool_calls() -> None:
        before = datetime.now(UTC) - timedelta(days=settings.log_retention_days)
        SqlToolStore(database).drop_calls(before)

    return Upkeep(
        functools.partial(SqlLeases(database).take, "upkeep"),
        {
            "fold": fold,
            "log retention": drop_executions,
            "metrics retention": drop_sums,
            "event retention": drop_events,
            "firing retention": drop_firings,
            "tool call retention": drop_tool_calls,
        },
        every_s=_UPKEEP_S,
    )


def kept_sums(settings: Settings) -> Kept:
    return Kept(
        minutes=timedelta(days=settings.metrics_minute_days),
        hours=timedelta(days=settings.metrics_hour_days),
    )

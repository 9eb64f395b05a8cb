"""Fills an execution log with days of made-up calls, as its writer and its upkeep leave them.

Rows and sums are made by the code that the writer itself uses, an hour at a time. What the writer
does beyond that is left out: looking for records that are there already, and adding to sums that
are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from engine.model import ExecutionRecord, ExecutionStatus
from storage.batches import BatchInsert
from storage.database import Database
from storage.rollup_counting import Additions, additions_of, count_in
from storage.rollup_keys import HOUR_S, SHARED, SPANS, Grain, KnownUsers, longer
from storage.rollups import row_of
from storage.tables import ExecutionRow, RollupRow, table_of

TENANT = "default"
_LOOKED_UP = {"trace": [{"stage": "cache", "verdict": "miss"}]}
_OUTCOMES: tuple[tuple[ExecutionStatus, str | None, int], ...] = (
    ("success", None, 200),
    ("fail", "query_failed", 502),
    ("timeout", "deadline_exceeded", 504),
    ("rejected", "rate_limited", 429),
)
_SHARES = (0.95, 0.03, 0.01, 0.01)


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Calls spread evenly over some days; a few APIs and users make most of them.

    Attributes:
        until: Where it ends; no call is later.
    """

    calls: int
    until: datetime
    days: int = 30
    apis: int = 20
    users: int = 20
    seed: int = 7

    @property
    def api_ids(self) -> tuple[UUID, ...]:
        """The APIs, the busiest first."""
        return tuple(UUID(int=number + 1) for number in range(self.apis))

    def hours(self) -> Iterator[Sequence[ExecutionRecord]]:
        """The calls of each hour, the oldest first; the last hour ends with `until`."""
        random = np.random.default_rng(self.seed)
        end_s = self.until.timestamp()
        starts = np.arange(
            (end_s - self.days * 24 * HOUR_S) // HOUR_S * HOUR_S, end_s, HOUR_S, dtype=float
        )
        lengths = np.minimum(starts + HOUR_S, end_s) - starts
        counts = random.multinomial(self.calls, lengths / lengths.sum())
        for start_s, length_s, count in zip(starts, lengths, counts, strict=True):
            if count:
                yield self._hour(random, float(start_s), float(length_s), int(count))

    def _hour(
        self, random: np.random.Generator, start_s: float, length_s: float, count: int
    ) -> Sequence[ExecutionRecord]:
        apis = random.choice(self.apis, count, p=_skewed(self.apis)).tolist()
        drawn = zip(
            apis,
            random.choice(self.users, count, p=_skewed(self.users)).tolist(),
            random.choice(len(_OUTCOMES), count, p=_SHARES).tolist(),
            np.sort(start_s + random.random(count) * length_s).tolist(),
            (random.lognormal(3, 1, count) * (1 + np.array(apis) / 4)).round(3).tolist(),
            (random.random(count) < 0.3).tolist(),
            strict=True,
        )
        tails = random.bytes(8 * count)
        return [
            self._record(tails[8 * number : 8 * number + 8], *one)
            for number, one in enumerate(drawn)
        ]

    def _record(
        self,
        tail: bytes,
        api: int,
        user: int,
        outcome: int,
        at_s: float,
        duration_ms: float,
        looked_up: bool,  # noqa: FBT001 - a drawn value like the others
    ) -> ExecutionRecord:
        status, error, http_status = _OUTCOMES[outcome]
        call_id = UUID(bytes=int(at_s * 1e6).to_bytes(8, "big") + tail)
        return ExecutionRecord(
            id=call_id,
            api_id=self.api_ids[api],
            api_name=f"api-{api}",
            api_version=1,
            tenant_id=TENANT,
            executed_by=f"user-{user}",
            source="rest",
            trace_id=call_id.hex,
            status=status,
            duration_ms=duration_ms,
            request_params={"origin": "JFK"},
            response_data='{"rows":[]}' if status == "success" else None,
            response_status=http_status,
            error_type=error,
            attempts=1,
            metadata=_LOOKED_UP if looked_up else {},
            created_at=datetime.fromtimestamp(at_s, UTC),
        )


class LogFiller:
    """Stores calls and their sums in an empty log, as upkeep leaves them: short sums only lately.

    Args:
        minutes_kept: How far back from the end sums shorter than an hour reach.
    """

    def __init__(self, database: Database, minutes_kept: timedelta = timedelta(days=2)) -> None:
        self._database = database
        self._minutes_kept = minutes_kept
        self._users = KnownUsers()
        self._growing: Additions = {}
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        log, sums = table_of(ExecutionRow), table_of(RollupRow)
        self._rows = BatchInsert.of(
            log, insert(log), ExecutionRecord.model_fields, database.dialect
        )
        self._sums = BatchInsert.of(sums, insert(sums), sums.c.keys(), database.dialect)

    def fill(self, traffic: Traffic) -> None:
        """Store all calls; memory is needed for the calls of one hour."""
        for records in traffic.hours():
            with self._database.write() as connection:
                self._rows.run(connection, [vars(record) for record in records])
                self._sum_up(connection, records, traffic.until)
        with self._database.write() as connection:
            self._put(connection, self._growing)

    def _sum_up(
        self, connection: Connection, records: Sequence[ExecutionRecord], until: datetime
    ) -> None:
        hour_s = int(records[0].created_at.timestamp()) // HOUR_S * HOUR_S
        grains: tuple[Grain, ...] = ("hour",)
        if hour_s > (until - self._minutes_kept).timestamp():
            grains = ("minute", "quarter_hour", "hour")
        additions: Additions = {}
        for grain in grains:
            additions = additions_of(records, grain, SHARED, self._users)
            self._put(connection, additions)
        for hour, tally in additions.items():
            for key in longer(hour):
                if key.grain in {"quarter_day", "day", "ever"}:
                    count_in(self._growing, key).merge(tally)
        self._put(connection, self._ended(hour_s + HOUR_S))

    def _ended(self, before_s: int) -> Additions:
        """The sums that grow no more, taken out of those that do."""
        ended = {
            key: tally
            for key, tally in self._growing.items()
            if key.grain != "ever" and key.start_s + SPANS[key.grain] <= before_s
        }
        for key in ended:
            del self._growing[key]
        return ended

    def _put(self, connection: Connection, additions: Additions) -> None:
        rows: list[dict[str, Any]] = [row_of(key, tally) for key, tally in additions.items()]
        if rows:
            self._sums.run(connection, rows)


def _skewed(count: int) -> Any:
    """Shares that fall as one over the rank (Zipf)."""
    shares = 1 / np.arange(1, count + 1)
    return shares / shares.sum()

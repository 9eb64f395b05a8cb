"""Keeps sums of the execution log per minute, hour and day, in step with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, RowMapping, Select, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.model import ExecutionRecord
from engine.model.latency import Latency
from engine.model.tally import COUNTERS, Tally
from storage.batches import BatchInsert
from storage.database import Database
from storage.rollup_counting import Additions, additions_of, count_in
from storage.rollup_keys import MINUTE_S, KnownUsers, RollupKey, longer
from storage.tables import RollupRow, table_of

TABLE = table_of(RollupRow)
SUMS = (*COUNTERS, "total_ms", "min_ms", "max_ms", "last_at", "last_id", "buckets")
"""The columns that hold a `Tally`, but for its sketch."""
_STORED = tuple(TABLE.c[name] for name in (*SUMS, "latency"))
_AT_ONCE = 500
_FOLDED_AT_ONCE = 2000  # neighbours in time, which share their hours


class RollupWriter:
    """Adds executions to their sums, in the transaction that stores them; used by one at a time.

    Each writer has minutes of its own, so that processes do not wait for one another; a reader adds
    them up. An open minute becomes part of its hour and day when it is folded, once; what comes
    for it later is added to both.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = uuid4()
        self._users = KnownUsers()
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        dialect = database.dialect
        adding = insert(TABLE)
        changed = {name: adding.excluded[name] for name in (*SUMS, "latency")}
        names = TABLE.c.keys()
        self._make = BatchInsert.of(
            TABLE, insert(TABLE).on_conflict_do_nothing(index_elements=["id"]), names, dialect
        )
        self._put = BatchInsert.of(
            TABLE,
            adding.on_conflict_do_update(index_elements=["id"], set_=changed),
            names,
            dialect,
        )

    def add(self, connection: Connection, records: Sequence[ExecutionRecord]) -> None:
        """Count records that have just been inserted on this connection."""
        additions = additions_of(records, "open", self._writer, self._users)
        late = self._add_to_rows(connection, additions)
        if late:
            self._add_to_shared(connection, late)

    def fold(self, before: datetime) -> int:
        """Add the open minutes that ended before a time to their hours and days; how many rows.

        In transactions of bounded size; may be stopped and repeated at any point, by any process.
        """
        folded = 0
        while count := self._fold_some(int(before.timestamp()) - MINUTE_S):
            folded += count
        return folded

    def _fold_some(self, last_start_s: int) -> int:
        is_open = TABLE.c.grain == "open"
        oldest = (
            select(TABLE.c.id)
            .where(is_open, TABLE.c.start_s <= last_start_s)
            .order_by(TABLE.c.start_s)
            .limit(_FOLDED_AT_ONCE)
        )
        open_rows = (
            select(*(TABLE.c[name] for name in ("id", *RollupKey._fields)), *_STORED)
            .where(TABLE.c.id.in_(oldest), is_open)
            .order_by(TABLE.c.id)
            .with_for_update()
        )
        with self._database.write() as connection:
            found = connection.execute(open_rows).mappings().all()
            additions = {_key_of(row): tally_of(row) for row in found}
            self._add_to_shared(connection, additions)
            for ids in _chunks([row["id"] for row in found]):
                closed = update(TABLE).where(TABLE.c.id.in_(ids)).values(grain="minute")
                connection.execute(closed)
        return len(found)

    def _add_to_shared(self, connection: Connection, minutes: Mapping[RollupKey, Tally]) -> None:
        """Add minutes to the rows of their hours, days and lifetime.

        A row that is missing is made first, so that whoever else wants it waits for this commit.
        """
        additions: Additions = {}
        for minute, tally in minutes.items():
            for key in longer(minute):
                count_in(additions, self._users.cut(key)).merge(tally)
        if additions:
            rows = sorted((row_of(key, Tally()) for key in additions), key=itemgetter("id"))
            self._make.run(connection, rows)
            self._add_to_rows(connection, additions)

    def _add_to_rows(self, connection: Connection, additions: Additions) -> Additions:
        """Add to rows, made where they are missing; the additions to minutes already folded."""
        by_id = {key.id: key for key in additions}
        late: Additions = {}
        totals: list[dict[str, Any]] = []
        for ids in _chunks(sorted(by_id)):
            stored = {row["id"]: row for row in connection.execute(_locked(ids)).mappings()}
            for row_id in ids:
                key = by_id[row_id]
                total = additions[key]
                if row_id in stored:
                    total = tally_of(stored[row_id])
                    total.merge(additions[key])
                    if key.grain == "open" and stored[row_id]["grain"] != "open":
                        late[key] = additions[key]
                totals.append(row_of(key, total))
        if totals:
            self._put.run(connection, totals)
        return late


def tally_of(row: RowMapping) -> Tally:
    """The tally that a row holds."""
    sums = {name: row[name] for name in SUMS}
    return Tally(**sums, latency=Latency(row["latency"]))


def row_of(key: RollupKey, tally: Tally) -> dict[str, Any]:
    """The row of a bucket that holds a tally."""
    sums = {name: getattr(tally, name) for name in SUMS}
    return {"id": key.id, **key._asdict(), **sums, "latency": tally.latency.encode()}


def _key_of(row: RowMapping) -> RollupKey:
    return RollupKey(**{name: row[name] for name in RollupKey._fields})


def _locked(ids: Sequence[UUID]) -> Select[Any]:
    return (
        select(TABLE.c.id, TABLE.c.grain, *_STORED)
        .where(TABLE.c.id.in_(ids))
        .order_by(TABLE.c.id)
        .with_for_update()
    )


def _chunks(ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk

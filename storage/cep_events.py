"""Keeps the events that were posted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from engine.model import Page
from engine.model.cep import Event, EventQuery
from storage.database import Database
from storage.tables import table_of
from storage.tables.cep import EventRow

_TABLE = table_of(EventRow)
_TURN = "events"
_SPLIT = 2000
_PAGE = 2000


class SqlEventStore:
    """The `EventStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant_id: str, events: Sequence[Event]) -> int:
        """Record events, on disk when this returns; how many were not there already.

        Their places are taken one transaction after the other, so that whoever has read up to one
        has read all before it.
        """
        dialect = sqlite if self._database.is_sqlite else postgresql
        addition = dialect.insert(_TABLE).on_conflict_do_nothing(
            index_elements=["tenant_id", "event_id"]
        )
        rows = [_values(event) for event in events]
        with self._database.write_through() as connection:
            # Otherwise an insertion into PostgreSQL does not tell how many rows it made.
            counting = connection.execution_options(preserve_rowcount=True)
            if not self._database.is_sqlite:
                turn = func.hashtextextended(f"{_TURN} of {tenant_id}", 0)
                connection.execute(select(func.pg_advisory_xact_lock(turn)))
            return sum(
                counting.execute(addition, rows[start : start + _SPLIT]).rowcount
                for start in range(0, len(rows), _SPLIT)
            )

    def search(self, tenant_id: str, query: EventQuery) -> Page[Event]:
        """Events that match, newest first."""
        wanted = _matching(query)
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(EventRow, func.count()).where(wanted)).scalar_one()
            page = rows.execute(
                rows.select(EventRow)
                .where(wanted)
                .order_by(EventRow.seq.desc())
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = tuple(Event.model_validate(dict(row)) for row in page)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def types(self, tenant_id: str) -> tuple[str, ...]:
        """The types of the recorded events, by name."""
        with self._database.reading(tenant_id) as rows:
            wanted = rows.select(EventRow, EventRow.event_type).distinct()
            return tuple(rows.execute(wanted.order_by(EventRow.event_type)).scalars())

    def after(self, tenant_id: str, seq: int, limit: int) -> tuple[Event, ...]:
        """The next events, in the order in which they were recorded."""
        with self._database.reading(tenant_id) as rows:
            wanted = rows.select(EventRow).where(EventRow.seq > seq).order_by(EventRow.seq)
            found = rows.execute(wanted.limit(limit)).mappings().all()
        return tuple(_event(row) for row in found)

    def newest(self, tenant_id: str) -> int:
        """The place of the newest event; 0 when there is none."""
        with self._database.reading(tenant_id) as rows:
            newest = rows.execute(rows.select(EventRow, func.max(EventRow.seq))).scalar_one()
        return newest or 0

    def between(
        self, tenant_id: str, since: datetime, until: datetime, *, up_to_seq: int | None = None
    ) -> Iterator[Event]:
        """Events by the time they occurred: from `since` on, before `until`; read by pages."""
        after: tuple[datetime, int] | None = None
        while True:
            page = self._page(tenant_id, since, until, up_to_seq, after)
            yield from page
            if len(page) < _PAGE:
                return
            after = (page[-1].occurred_at, page[-1].seq)

    def _page(
        self,
        tenant_id: str,
        since: datetime,
        until: datetime,
        up_to_seq: int | None,
        after: tuple[datetime, int] | None,
    ) -> tuple[Event, ...]:
        row = EventRow
        wanted: ColumnElement[bool] = (row.occurred_at >= since) & (row.occurred_at < until)
        if up_to_seq is not None:
            wanted &= row.seq <= up_to_seq
        if after is not None:
            wanted &= (row.occurred_at > after[0]) | (
                (row.occurred_at == after[0]) & (row.seq > after[1])
            )
        with self._database.reading(tenant_id) as rows:
            page = rows.select(row).where(wanted).order_by(row.occurred_at, row.seq).limit(_PAGE)
            return tuple(_event(found) for found in rows.execute(page).mappings())

    def drop_before(self, moment: datetime) -> int:
        """Forget the events that were received before a moment; how many there were."""
        with self._database.write() as connection:
            return connection.execute(delete(_TABLE).where(_TABLE.c.received_at < moment)).rowcount


def _values(event: Event) -> dict[str, Any]:
    return {
        "tenant_id": event.tenant_id,
        "event_id": event.event_id,
        "event_type": event.event_type,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "trace_id": event.trace_id,
        "data": event.data,
    }


def _event(row: Any) -> Event:
    # What was checked when it came in is not checked again: thousands are read in a second.
    return Event.model_construct(**row)


def _matching(query: EventQuery) -> ColumnElement[bool]:
    wanted: ColumnElement[bool] = true()
    if query.event_type is not None:
        wanted &= EventRow.event_type == query.event_type
    if query.since is not None:
        wanted &= EventRow.occurred_at >= query.since
    if query.until is not None:
        wanted &= EventRow.occurred_at < query.until
    return wanted

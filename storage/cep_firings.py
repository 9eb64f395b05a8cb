"""Keeps what rules fired, and how far they looked; the queue of their actions as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import NotFoundError
from engine.model import Page
from engine.model.cep import Firing, FiringQuery
from engine.ports.cep import Cursor, Progress
from storage.database import Database, TenantRows
from storage.tables import table_of
from storage.tables.cep import CursorRow, FiringRow, RuleRow

_TABLE = table_of(FiringRow)
_COLUMNS = tuple(
    _TABLE.c["group_key"].label("group") if name == "group" else _TABLE.c[name]
    for name in Firing.model_fields
)
_LISTED = tuple(column for column in _COLUMNS if column.name != "result")
_START = Cursor(0, 0)


class SqlFiringStore:
    """The `FiringStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursor(self, tenant_id: str) -> Cursor:
        """How far a tenant's events were looked at."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(CursorRow, CursorRow.seq, CursorRow.revision)
            ).one_or_none()
        return _START if found is None else Cursor(found.seq, found.revision)

    def commit(self, tenant_id: str, seen: Cursor, progress: Progress) -> bool:
        """Record progress, in one transaction; False when somebody else did since `seen`."""
        with self._database.writing(tenant_id) as rows:
            if not self._move(rows, tenant_id, seen, progress.seq):
                return False
            for (rule_id, version), state in progress.states.items():
                same = (RuleRow.id == rule_id) & (RuleRow.version == version)
                rows.execute(rows.update(RuleRow).where(same).values(state=dict(state)))
            if progress.firings:
                addition = self._insert().on_conflict_do_nothing(
                    index_elements=["rule_id", "firing_key"]
                )
                for firing in progress.firings:
                    rows.execute(addition.values(_values(firing)))
        return True

    def _move(self, rows: TenantRows, tenant_id: str, seen: Cursor, seq: int) -> bool:
        """Move the cursor on; only one of those who saw it where it is can."""
        change = rows.update(CursorRow).where(CursorRow.revision == seen.revision)
        moved = rows.execute(change.values(seq=seq, revision=seen.revision + 1)).rowcount
        if moved or seen.revision != _START.revision:
            return bool(moved)
        dialect = sqlite if self._database.is_sqlite else postgresql
        first = dialect.insert(table_of(CursorRow)).on_conflict_do_nothing()
        made = first.values(tenant_id=tenant_id, seq=seq, revision=1)
        return rows.execute(made.returning(CursorRow.seq)).first() is not None

    def add(self, firing: Firing) -> bool:
        """Record one firing; False when its cause was recorded already."""
        addition = self._insert().on_conflict_do_nothing(index_elements=["rule_id", "firing_key"])
        with self._database.write() as connection:
            made = addition.values(_values(firing)).returning(_TABLE.c.id)
            return connection.execute(made).first() is not None

    def is_waiting(self, now: datetime) -> bool:
        """Whether there is anything to claim."""
        with self._database.read() as connection:
            return bool(connection.execute(select(exists().where(_is_free(now)))).scalar_one())

    def claim(self, now: datetime, until: datetime, limit: int) -> tuple[Firing, ...]:
        """Take firings whose action waits, or whose taker has not been heard of in time."""
        with self._database.read() as connection:
            waiting = connection.execute(
                select(_TABLE.c.id).where(_is_free(now)).order_by(_TABLE.c.fired_at).limit(limit)
            ).scalars()
            ids = tuple(waiting)
        if not ids:
            return ()
        with self._database.write() as connection:
            return tuple(
                firing
                for firing_id in ids
                if (firing := self._take(connection, firing_id, now, until)) is not None
            )

    def _take(
        self, connection: Connection, firing_id: UUID, now: datetime, until: datetime
    ) -> Firing | None:
        taking = (
            update(_TABLE)
            .where(_TABLE.c.id == firing_id, _is_free(now))
            .values(status="running", claimed_until=until)
        )
        row = connection.execute(taking.returning(*_COLUMNS)).mappings().one_or_none()
        return None if row is None else Firing.model_validate(dict(row))

    def renew(self, ids: Sequence[UUID], until: datetime) -> None:
        """Keep firings that were taken, because their actions run."""
        if not ids:
            return
        with self._database.write() as connection:
            kept = _TABLE.c.id.in_(ids) & (_TABLE.c.status == "running")
            connection.execute(update(_TABLE).where(kept).values(claimed_until=until))

    def finish(self, firing: Firing) -> None:
        """Record what an action came to."""
        names = ("status", "finished_at", "execution_id", "error_type", "error_message", "result")
        values = {name: getattr(firing, name) for name in names}
        with self._database.writing(firing.tenant_id) as rows:
            rows.execute(rows.update(FiringRow).where(FiringRow.id == firing.id).values(values))

    def get(self, tenant_id: str, firing_id: UUID) -> Firing:
        """One firing; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            wanted = rows.select(FiringRow, *_COLUMNS).where(FiringRow.id == firing_id)
            row = rows.execute(wanted).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"there is no firing {firing_id}")
        return Firing.model_validate(dict(row))

    def search(self, tenant_id: str, query: FiringQuery) -> Page[Firing]:
        """Firings that match, newest first, without their results."""
        wanted = _matching(query)
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(FiringRow, func.count()).where(wanted)).scalar_one()
            page = rows.execute(
                rows.select(FiringRow, *_LISTED)
                .where(wanted)
                .order_by(FiringRow.fired_at.desc(), FiringRow.id)
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = tuple(Firing.model_validate(dict(row)) for row in page)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def drop_before(self, moment: datetime) -> int:
        """Forget the firings before a moment whose actions are done; how many there were."""
        done = ~_TABLE.c.status.in_(("pending", "running"))
        with self._database.write() as connection:
            old = delete(_TABLE).where(_TABLE.c.fired_at < moment, done)
            return connection.execute(old).rowcount

    def _insert(self) -> Any:
        return (sqlite if self._database.is_sqlite else postgresql).insert(_TABLE)


def _values(firing: Firing) -> dict[str, Any]:
    values = {name: getattr(firing, name) for name in Firing.model_fields}
    values["group_key"] = values.pop("group")
    return {**values, "names": dict(firing.names)}


def _is_free(now: datetime) -> ColumnElement[bool]:
    is_abandoned = (_TABLE.c.status == "running") & (_TABLE.c.claimed_until < now)
    return or_(_TABLE.c.status == "pending", is_abandoned)


def _matching(query: FiringQuery) -> ColumnElement[bool]:
    wanted: ColumnElement[bool] = true()
    if query.rule_id is not None:
        wanted &= FiringRow.rule_id == query.rule_id
    if query.status is not None:
        wanted &= FiringRow.status == query.status
    if query.since is not None:
        wanted &= FiringRow.fired_at >= query.since
    return wanted

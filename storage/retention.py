"""Removes what is older than it is kept: executions, and their sums by length of bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, delete, func, select

from storage.database import Database
from storage.rollup_keys import Grain
from storage.tables import ExecutionRow, RollupRow, table_of

AT_ONCE = 2000
"""Rows that one transaction removes, so that writers wait for milliseconds only."""

_LOG, _SUMS = table_of(ExecutionRow), table_of(RollupRow)


class Retention:
    """Removes old rows in many short transactions; may be stopped and repeated at any point."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def drop_executions(self, older_than: timedelta, now: datetime) -> int:
        """Remove log rows, and say how many; their sums stay."""
        is_old = _LOG.c.created_at < now - older_than
        return sum(
            self._drop(_LOG, select(_LOG.c.id).where(_LOG.c.tenant_id == tenant_id, is_old))
            for tenant_id in self._tenants()
        )

    def drop_sums(self, grain: Grain, older_than: timedelta, now: datetime) -> int:
        """Remove buckets of a length, and say how many."""
        before_s = int((now - older_than).timestamp())
        wanted = (_SUMS.c.grain == grain) & (_SUMS.c.start_s < before_s)
        return self._drop(_SUMS, select(_SUMS.c.id).where(wanted))

    def _tenants(self) -> Iterator[str]:
        """The tenants of the log, by an index seek each."""
        next_one = func.min(_LOG.c.tenant_id)
        tenant_id: str | None = ""
        while tenant_id is not None:
            with self._database.read() as connection:
                following = select(next_one).where(_LOG.c.tenant_id > tenant_id)
                tenant_id = connection.execute(following).scalar()
            if tenant_id is not None:
                yield tenant_id

    def _drop(self, table: Table, old: Select[tuple[UUID]]) -> int:
        dropped = 0
        while True:
            some: Any = old.limit(AT_ONCE).scalar_subquery()
            with self._database.write() as connection:
                count = connection.execute(delete(table).where(table.c.id.in_(some))).rowcount
            dropped += count
            if count < AT_ONCE:
                return dropped

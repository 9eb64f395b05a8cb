"""Lets one process at a time do something, whoever shares the metadata database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database
from storage.tables import LeaseRow, table_of

_TABLE = table_of(LeaseRow)


class SqlLeases:
    """Leases in a table; each object is a holder of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = uuid4()

    def take(self, name: str, ttl_s: float) -> bool:
        """Take a lease, or keep it for longer; False while another holds it.

        A lease ends by itself, by the clocks of those who ask: they should agree to a few seconds.
        """
        now = datetime.now(UTC)
        dialect = sqlite if self._database.is_sqlite else postgresql
        taking = dialect.insert(_TABLE).values(
            name=name, holder=self._holder, expires_at=now + timedelta(seconds=ttl_s)
        )
        is_free = (_TABLE.c.expires_at <= now) | (_TABLE.c.holder == self._holder)
        taking = taking.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": taking.excluded.holder, "expires_at": taking.excluded.expires_at},
            where=is_free,
        )
        with self._database.write() as connection:
            return connection.execute(taking.returning(_TABLE.c.name)).first() is not None

    def release(self, name: str) -> None:
        """Give a lease up; without effect when it is another's."""
        ours = (_TABLE.c.name == name) & (_TABLE.c.holder == self._holder)
        with self._database.write() as connection:
            connection.execute(delete(_TABLE).where(ours))

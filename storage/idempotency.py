"""Keeps which calls were made under an idempotency key, and what they were answered with."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, delete
from sqlalchemy.dialects import postgresql, sqlite

from engine.ports import KeptAnswer, TakenKey
from storage.database import Database
from storage.tables import IdempotencyRow, table_of

_TABLE = table_of(IdempotencyRow)


class SqlIdempotencyStore:
    """The `IdempotencyStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self,
        tenant_id: str,
        name: str,
        fingerprint: str,
        holder: UUID,
        *,
        now: datetime,
        running_until: datetime,
        expires_at: datetime,
    ) -> TakenKey | None:
        """Take a key; None when it is taken now, else what it was taken for."""
        claim = self._claim(
            now,
            tenant_id=tenant_id,
            name=name,
            fingerprint=fingerprint,
            holder=holder,
            running_until=running_until,
            expires_at=expires_at,
        )
        while True:
            with self._database.write() as connection:
                connection.execute(delete(_TABLE).where(_TABLE.c.expires_at <= now))
                if connection.execute(claim).first() is not None:
                    return None
            taken = self._taken(tenant_id, name)
            if taken is not None:  # or else it was given back in between
                return taken

    def _claim(self, now: datetime, **values: Any) -> Executable:
        """Insert a key, or take over one whose holder has given no answer in its time."""
        dialect = sqlite if self._database.is_sqlite else postgresql
        claim = dialect.insert(_TABLE).values(**values)
        given_up = _TABLE.c.status.is_(None) & (_TABLE.c.running_until <= now)
        renewed = ("fingerprint", "holder", "running_until", "expires_at")
        taking: Executable = claim.on_conflict_do_update(
            index_elements=["tenant_id", "name"],
            set_={column: claim.excluded[column] for column in renewed},
            where=given_up,
        ).returning(_TABLE.c.name)
        return taking

    def keep(self, tenant_id: str, name: str, holder: UUID, answer: KeptAnswer) -> None:
        """Keep the answer of a key; without effect when somebody else has it by now."""
        with self._database.writing(tenant_id) as rows:
            rows.execute(
                rows.update(IdempotencyRow)
                .where(IdempotencyRow.name == name, IdempotencyRow.holder == holder)
                .values(
                    status=answer.status,
                    headers=dict(answer.headers),
                    body=zlib.compress(answer.body),
                )
            )

    def release(self, tenant_id: str, name: str, holder: UUID) -> None:
        """Give a key back; without effect when somebody else has it by now."""
        with self._database.writing(tenant_id) as rows:
            rows.execute(
                rows.delete(IdempotencyRow).where(
                    IdempotencyRow.name == name, IdempotencyRow.holder == holder
                )
            )

    def _taken(self, tenant_id: str, name: str) -> TakenKey | None:
        row = IdempotencyRow
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(rows.select(row).where(row.name == name)).one_or_none()
        if found is None:
            return None
        if found.status is None:
            return TakenKey(found.fingerprint, None)
        answer = KeptAnswer(found.status, found.headers, zlib.decompress(found.body))
        return TakenKey(found.fingerprint, answer)

"""Keeps the query targets that users added; a DSN is encrypted unless it is a reference."""

from __future__ import annotations

from engine.errors import NotFoundError
from engine.model import Connection
from storage.database import Database
from storage.instance_key import InstanceKey
from storage.sealed import dsn_place, is_reference, refuse_outdated
from storage.tables import ConnectionRow


class SqlConnectionStore:
    """The `ConnectionStore` on the metadata database."""

    def __init__(self, database: Database, key: InstanceKey) -> None:
        self._database = database
        self._key = key

    def all(self, tenant_id: str) -> tuple[Connection, ...]:
        """Every stored connection of a tenant, by name."""
        row = ConnectionRow
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(row, row.name, row.dialect, row.description, row.dsn).order_by(row.name)
            ).mappings()
            kept = [dict(values) for values in found]
        for values in kept:
            values["dsn"] = self._readable(tenant_id, values["name"], values["dsn"])
        return tuple(Connection(tenant_id=tenant_id, **values) for values in kept)

    def save(self, connection: Connection) -> None:
        """Add or replace."""
        dsn = connection.dsn
        if not is_reference(dsn):
            dsn = self._key.encrypt(dsn, dsn_place(connection.tenant_id, connection.name))
        with self._database.writing(connection.tenant_id) as rows:
            refuse_outdated(rows, self._key)
            rows.execute(
                rows.upsert(
                    ConnectionRow,
                    "name",
                    name=connection.name,
                    dialect=connection.dialect,
                    description=connection.description,
                    dsn=dsn,
                )
            )

    def delete(self, tenant_id: str, name: str) -> None:
        """Remove; raises NotFoundError."""
        with self._database.writing(tenant_id) as rows:
            removal = rows.delete(ConnectionRow).where(ConnectionRow.name == name)
            if rows.execute(removal).rowcount == 0:
                raise NotFoundError(f"there is no stored connection {name!r}")

    def _readable(self, tenant_id: str, name: str, dsn: str) -> str:
        if is_reference(dsn):
            return dsn
        return self._key.decrypt(dsn, dsn_place(tenant_id, name))

"""Keeps API keys; found by their public id, which is unique over all tenants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import exc, func, or_, select, update

from engine.errors import ConflictError, NotFoundError
from engine.model import Scope
from engine.ports import ApiKey
from storage.database import Database
from storage.tables import ApiKeyRow, table_of

_TABLE = table_of(ApiKeyRow)
_FIELDS = tuple(field.name for field in fields(ApiKey))


class SqlKeyStore:
    """The `KeyStore` on the metadata database.

    A key's tenant is known only once the key is found, so `get` and `touch` look in all tenants.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key_id: str) -> ApiKey | None:
        """A key by id, revoked and expired ones included."""
        with self._database.read() as connection:
            found = connection.execute(select(_TABLE).where(ApiKeyRow.id == key_id)).mappings()
            row = found.one_or_none()
        return None if row is None else _key(row)

    def all(self, tenant_id: str) -> tuple[ApiKey, ...]:
        """Every key of a tenant, newest first."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(ApiKeyRow).order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id)
            ).mappings()
            return tuple(_key(row) for row in found)

    def add(self, key: ApiKey) -> None:
        """Insert; raises ConflictError when the id is taken."""
        known = {name: getattr(key, name) for name in _FIELDS if name != "tenant_id"}
        values = known | {
            "roles": sorted(key.roles),
            "scope": key.scope and key.scope.model_dump(mode="json"),
            "allowed_ips": list(key.allowed_ips),
        }
        try:
            with self._database.writing(key.tenant_id) as rows:
                rows.execute(rows.insert(ApiKeyRow, **values))
        except exc.IntegrityError as error:
            raise ConflictError(f"an API key with the id {key.id!r} exists already") from error

    def revoke(self, tenant_id: str, key_id: str, at: datetime) -> None:
        """Revoke; a key revoked before keeps its time; raises NotFoundError."""
        with self._database.writing(tenant_id) as rows:
            change = rows.update(ApiKeyRow).where(ApiKeyRow.id == key_id)
            revoked = func.coalesce(ApiKeyRow.revoked_at, at)
            if rows.execute(change.values(revoked_at=revoked)).rowcount == 0:
                raise NotFoundError(f"there is no API key {key_id!r}")

    def touch(self, key_id: str, at: datetime) -> None:
        """Note when a key was last used; never an earlier time than is known."""
        with self._database.write() as connection:
            connection.execute(
                update(_TABLE)
                .where(
                    ApiKeyRow.id == key_id,
                    or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < at),
                )
                .values(last_used_at=at)
            )

    def count(self) -> int:
        """How many keys exist in all tenants."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(_TABLE)).scalar_one()


def _key(row: Mapping[Any, Any]) -> ApiKey:
    known = {name: row[name] for name in _FIELDS}
    return ApiKey(
        **known
        | {
            "roles": frozenset(known["roles"]),
            "scope": None if known["scope"] is None else Scope.model_validate(known["scope"]),
            "allowed_ips": tuple(known["allowed_ips"]),
        }
    )

"""Keeps settings changed at run time, secrets, and the audit log of management actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func

from engine.errors import NotFoundError
from engine.model import Page
from engine.ports import AuditEntry
from storage.audit import audit_insert
from storage.database import Database
from storage.instance_key import InstanceKey
from storage.sealed import refuse_outdated, secret_place
from storage.tables import AuditRow, SecretRow, SettingRow


def _now() -> datetime:
    return datetime.now(UTC)


class SqlSettingStore:
    """The `SettingStore` on the metadata database."""

    def __init__(
        self, database: Database, key: InstanceKey, clock: Callable[[], datetime] = _now
    ) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    def get(self, tenant_id: str, key: str) -> Any:
        """A setting's value, or None."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(SettingRow, SettingRow.value).where(SettingRow.key == key)
            ).scalar_one_or_none()
        return None if found is None else found["value"]

    def put(self, tenant_id: str, key: str, value: Any) -> None:
        """Set a value, any JSON."""
        kept = {"value": value}
        with self._database.writing(tenant_id) as rows:
            rows.execute(
                rows.upsert(SettingRow, "key", key=key, value=kept, updated_at=self._clock())
            )

    def put_all(self, tenant_id: str, values: Mapping[str, Any], entry: AuditEntry) -> None:
        """Set values and append to the audit log, in one transaction."""
        with self._database.writing(tenant_id) as rows:
            for key, value in values.items():
                kept = {"value": value}
                rows.execute(
                    rows.upsert(SettingRow, "key", key=key, value=kept, updated_at=self._clock())
                )
            rows.execute(audit_insert(rows, entry))

    def add_audit(self, entry: AuditEntry) -> None:
        """Append to the audit log."""
        with self._database.writing(entry.tenant_id) as rows:
            rows.execute(audit_insert(rows, entry))

    def audit(self, tenant_id: str, limit: int, offset: int) -> Page[AuditEntry]:
        """The audit log, newest first."""
        row = AuditRow
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(row, func.count(row.id))).scalar_one()
            found = rows.execute(
                rows.select(row, row.actor, row.action, row.target, row.created_at, row.detail)
                .order_by(row.created_at.desc(), row.id)
                .limit(limit)
                .offset(offset)
            ).all()
        items = tuple(
            AuditEntry(
                tenant_id=tenant_id,
                actor=entry.actor,
                action=entry.action,
                target=entry.target,
                at=entry.created_at,
                detail=entry.detail,
            )
            for entry in found
        )
        return Page(items=items, total=total, limit=limit, offset=offset)

    def secret(self, tenant_id: str, name: str) -> str | None:
        """A secret in clear, or None; raises SettingsError when the instance key is another."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(SecretRow, SecretRow.ciphertext).where(SecretRow.name == name)
            ).scalar_one_or_none()
        return None if found is None else self._key.decrypt(found, secret_place(tenant_id, name))

    def secret_names(self, tenant_id: str) -> tuple[str, ...]:
        """The names of all secrets, in order."""
        with self._database.reading(tenant_id) as rows:
            names = rows.execute(
                rows.select(SecretRow, SecretRow.name).order_by(SecretRow.name)
            ).scalars()
            return tuple(names)

    def put_secret(self, tenant_id: str, name: str, value: str) -> None:
        """Store a secret, encrypted; raises SettingsError when the key was rotated meanwhile."""
        ciphertext = self._key.encrypt(value, secret_place(tenant_id, name))
        with self._database.writing(tenant_id) as rows:
            refuse_outdated(rows, self._key)
            rows.execute(
                rows.upsert(
                    SecretRow, "name", name=name, ciphertext=ciphertext, updated_at=self._clock()
                )
            )

    def delete_secret(self, tenant_id: str, name: str) -> None:
        """Remove a secret; raises NotFoundError."""
        with self._database.writing(tenant_id) as rows:
            removal = rows.delete(SecretRow).where(SecretRow.name == name)
            if rows.execute(removal).rowcount == 0:
                raise NotFoundError(f"there is no secret {name!r}")

"""What the metadata database holds encrypted, where, and with which key."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, select

from engine.errors import SettingsError
from storage.database import TenantRows
from storage.instance_key import FINGERPRINT, InstanceKey
from storage.tables import SettingRow

_REFERENCE = "env:"


def secret_place(tenant_id: str, name: str) -> str:
    """What the ciphertext of a secret is bound to."""
    return f"secret {name!r} of tenant {tenant_id!r}"


def dsn_place(tenant_id: str, name: str) -> str:
    """What the ciphertext of a connection's DSN is bound to."""
    return f"connection {name!r} of tenant {tenant_id!r}"


def job_place(tenant_id: str, job_id: UUID) -> str:
    """What the ciphertext of a job's work is bound to."""
    return f"job {job_id} of tenant {tenant_id!r}"


def is_reference(dsn: str) -> bool:
    """Whether a DSN only names the environment variable that holds it; such are not encrypted."""
    return dsn.startswith(_REFERENCE)


def current_fingerprint(connection: Connection | TenantRows, *, lock: bool = True) -> str | None:
    """The fingerprint of the key in force, locked against a rotation until the transaction ends."""
    tenant_id, key = FINGERPRINT
    statement = select(SettingRow.value).where(
        SettingRow.tenant_id == tenant_id, SettingRow.key == key
    )
    if lock:
        statement = statement.with_for_update(read=True)
    found = connection.execute(statement).scalar_one_or_none()
    return None if found is None else str(found["value"])


def refuse_outdated(rows: TenantRows, key: InstanceKey) -> None:
    """Keep a process that holds the key of before a rotation from writing what nobody can read.

    Raises:
        SettingsError: The key is no longer the one in force.
    """
    known = current_fingerprint(rows)
    if known is not None and known != key.fingerprint:
        raise SettingsError(
            "the instance key was rotated while this process was running",
            hint="Start this process again, then repeat the change.",
        )

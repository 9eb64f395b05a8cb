"""Appends to the audit log inside the transaction of what it tells of."""

from sqlalchemy import Insert

from engine.ports import AuditEntry
from storage.database import TenantRows
from storage.tables import AuditRow


def audit_insert(rows: TenantRows, entry: AuditEntry) -> Insert:
    """The statement that adds an entry."""
    return rows.insert(
        AuditRow,
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        created_at=entry.at,
        detail=dict(entry.detail),
    )

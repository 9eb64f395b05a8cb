"""Where alerts, their state and what they told are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.model.alerting import Alert, AlertEvent
from engine.ports.access import AuditEntry


class AlertStore(Protocol):
    """Alerts of every tenant; each method is one transaction."""

    def list(self, tenant_id: str) -> tuple[Alert, ...]:
        """The tenant's alerts, by name."""
        ...

    def get(self, tenant_id: str, ref: str) -> Alert:
        """One by id or name; raises NotFoundError."""
        ...

    def active(self) -> tuple[Alert, ...]:
        """Every alert of every tenant that is switched on."""
        ...

    def create(self, alert: Alert, audit: AuditEntry) -> None:
        """Insert; raises ConflictError when the name is taken."""
        ...

    def change(self, alert: Alert, audit: AuditEntry) -> None:
        """Replace what was authored and begin anew; raises ConflictError or NotFoundError."""
        ...

    def delete(self, alert: Alert, audit: AuditEntry) -> None:
        """Remove; what it told stays."""
        ...

    def advance(self, alert: Alert, event: AlertEvent | None) -> bool:
        """Store where an alert stands now, and what that tells, if it is still at its revision.

        False, and nothing is stored, when somebody has looked or changed it meanwhile.
        """
        ...

    def add_event(self, event: AlertEvent) -> None:
        """Keep something told apart from a change of state."""
        ...

    def events(self, tenant_id: str, alert_id: UUID | None, limit: int) -> tuple[AlertEvent, ...]:
        """What was told, newest first."""
        ...

    def claim(self, now: datetime, until: datetime, limit: int) -> tuple[AlertEvent, ...]:
        """Take events whose webhook is due, for as long as `until`; nobody else gets them."""
        ...

    def delivered(self, event: AlertEvent) -> None:
        """Store how a delivery went: status, attempts, error and the next time."""
        ...

    def drop_events(self, before: datetime) -> int:
        """Forget what was told before a time, and say how much."""
        ...

"""Keeps alerts, where they stand, and what they told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exc, select, update

from engine.errors import ConflictError, NotFoundError
from engine.model.alerting import Alert, AlertEvent
from engine.ports import AuditEntry
from storage.audit import audit_insert
from storage.database import Database, TenantRows
from storage.tables import AlertEventRow, AlertRow, table_of

_ALERTS, _EVENTS = table_of(AlertRow), table_of(AlertEventRow)
_STANDS = ("phase", "since", "value", "checked_at")
_AUTHORED = ("alert_name", "description", "is_active", "spec", "delivery", "updated_at")


class SqlAlertStore:
    """The `AlertStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant_id: str) -> tuple[Alert, ...]:
        """The tenant's alerts, by name."""
        with self._database.reading(tenant_id) as rows:
            every = rows.select(AlertRow).order_by(AlertRow.alert_name)
            return tuple(Alert.model_validate(dict(row)) for row in rows.execute(every).mappings())

    def get(self, tenant_id: str, ref: str) -> Alert:
        """One by id or name; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(rows.select(AlertRow).where(_named(ref))).mappings().one_or_none()
        if found is None:
            raise NotFoundError(f"there is no alert {ref!r}")
        return Alert.model_validate(dict(found))

    def active(self) -> tuple[Alert, ...]:
        """Every alert of every tenant that is switched on."""
        with self._database.read() as connection:
            found = connection.execute(select(_ALERTS).where(_ALERTS.c.is_active)).mappings()
            return tuple(Alert.model_validate(dict(row)) for row in found)

    def create(self, alert: Alert, audit: AuditEntry) -> None:
        """Insert; raises ConflictError when the name is taken."""
        try:
            with self._database.writing(alert.tenant_id) as rows:
                edit_alert(rows, None, alert)
                rows.execute(audit_insert(rows, audit))
        except exc.IntegrityError as error:
            raise _name_taken(alert) from error

    def change(self, alert: Alert, audit: AuditEntry) -> None:
        """Replace what was authored and begin anew; raises ConflictError or NotFoundError."""
        try:
            with self._database.writing(alert.tenant_id) as rows:
                edit_alert(rows, alert, alert)
                rows.execute(audit_insert(rows, audit))
        except exc.IntegrityError as error:
            raise _name_taken(alert) from error

    def delete(self, alert: Alert, audit: AuditEntry) -> None:
        """Remove; what it told stays."""
        with self._database.writing(alert.tenant_id) as rows:
            edit_alert(rows, alert, None)
            rows.execute(audit_insert(rows, audit))

    def advance(self, alert: Alert, event: AlertEvent | None) -> bool:
        """Store where an alert stands and what that tells, if it is still at its revision."""
        with self._database.writing(alert.tenant_id) as rows:
            step = rows.update(AlertRow).where(
                AlertRow.id == alert.id,
                AlertRow.revision == alert.revision,
                AlertRow.is_active,
            )
            values = {**_values(alert, *_STANDS), "revision": alert.revision + 1}
            if rows.execute(step.values(values)).rowcount == 0:
                return False
            if event is not None:
                rows.execute(rows.insert(AlertEventRow, **_event_values(event)))
        return True

    def add_event(self, event: AlertEvent) -> None:
        """Keep something told apart from a change of state."""
        with self._database.writing(event.tenant_id) as rows:
            rows.execute(rows.insert(AlertEventRow, **_event_values(event)))

    def events(self, tenant_id: str, alert_id: UUID | None, limit: int) -> tuple[AlertEvent, ...]:
        """What was told, newest first."""
        with self._database.reading(tenant_id) as rows:
            wanted = rows.select(AlertEventRow)
            if alert_id is not None:
                wanted = wanted.where(AlertEventRow.alert_id == alert_id)
            newest = wanted.order_by(AlertEventRow.at.desc(), AlertEventRow.id).limit(limit)
            found = rows.execute(newest).mappings()
            return tuple(AlertEvent.model_validate(dict(row)) for row in found)

    def claim(self, now: datetime, until: datetime, limit: int) -> tuple[AlertEvent, ...]:
        """Take events whose webhook is due, for as long as `until`; nobody else gets them."""
        is_due = (_EVENTS.c.status == "waiting") & (_EVENTS.c.next_at <= now)
        due = select(_EVENTS.c.id).where(is_due).order_by(_EVENTS.c.next_at).limit(limit)
        with self._database.read() as connection:
            ids = connection.execute(due).scalars().all()
        if not ids:
            return ()
        taking = update(_EVENTS).where(_EVENTS.c.id.in_(ids), is_due).values(next_at=until)
        with self._database.write() as connection:
            found = connection.execute(taking.returning(*_EVENTS.c)).mappings()
            return tuple(AlertEvent.model_validate(dict(row)) for row in found)

    def delivered(self, event: AlertEvent) -> None:
        """Store how a delivery went: status, attempts, error and the next time."""
        names = ("status", "attempts", "error", "next_at")
        values = {name: getattr(event, name) for name in names}
        with self._database.writing(event.tenant_id) as rows:
            rows.execute(
                rows.update(AlertEventRow).where(AlertEventRow.id == event.id).values(values)
            )

    def drop_events(self, before: datetime) -> int:
        """Forget what was told before a time, and say how much."""
        with self._database.write() as connection:
            return connection.execute(delete(_EVENTS).where(_EVENTS.c.at < before)).rowcount


def edit_alert(rows: TenantRows, before: Alert | None, after: Alert | None) -> None:
    """Insert, replace or remove an alert, in this transaction; a replaced one begins anew.

    Raises:
        NotFoundError: It was to be replaced, and was deleted meanwhile.
    """
    if before is None:
        if after is not None:
            values = _values(after, *(set(Alert.model_fields) - {"tenant_id"}))
            rows.execute(rows.insert(AlertRow, **values))
        return
    if after is None:
        rows.execute(rows.delete(AlertRow).where(AlertRow.id == before.id))
        return
    values = {**_values(after, *_AUTHORED, *_STANDS), "revision": AlertRow.revision + 1}
    change = rows.update(AlertRow).where(AlertRow.id == before.id).values(values)
    if rows.execute(change).rowcount == 0:
        raise NotFoundError(f"the alert {before.alert_name!r} was deleted meanwhile")


def _values(alert: Alert, *names: str) -> dict[str, Any]:
    values = {name: getattr(alert, name) for name in names}
    return {
        name: dict(value) if name in ("spec", "delivery") else value
        for name, value in values.items()
    }


def _event_values(event: AlertEvent) -> dict[str, Any]:
    values = {name: getattr(event, name) for name in AlertEvent.model_fields if name != "tenant_id"}
    return {**values, "payload": dict(event.payload)}


def _named(ref: str) -> ColumnElement[bool]:
    try:
        return AlertRow.id == UUID(ref)
    except ValueError:
        return AlertRow.alert_name == ref


def _name_taken(alert: Alert) -> ConflictError:
    return ConflictError(f"there is an alert {alert.alert_name!r} already")

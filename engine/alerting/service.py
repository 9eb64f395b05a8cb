"""Alerts as people manage them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from engine.alerting.trigger import compile_alert
from engine.alerting.watch import told_by
from engine.alerting.webhook import compile_delivery
from engine.auth import authorize
from engine.errors import DefinitionInvalidError
from engine.model import Caller, Issue, Page
from engine.model.alerting import Alert, AlertEvent
from engine.model.listing import AlertOrder, AlertQuery, listed
from engine.ports import AuditEntry
from engine.ports.alerting import AlertStore

ALERT_FIELDS = ("alert_name", "description", "is_active", "spec", "delivery")
MOST_EVENTS = 500
_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,98}[a-z0-9])?")
_DEFAULTS: Mapping[str, Any] = {
    "description": "",
    "is_active": True,
    "delivery": {"type": "log"},
}

_STANDING = ("firing", "pending", "quiet")


def _trouble(alert: Alert) -> int:
    return _STANDING.index(alert.phase) if alert.is_active else len(_STANDING)


def _api(alert: Alert) -> str:
    return str(alert.spec.get("api") or "")


_ORDERS: Mapping[AlertOrder, Callable[[Alert], Any]] = {
    "state": lambda alert: (_trouble(alert), alert.alert_name),
    "name": lambda alert: alert.alert_name,
    "api": lambda alert: (_api(alert), alert.alert_name),
}


class Alerts:
    """The alerts of the caller's tenant; thread-safe.

    Reading needs the viewer role, changing the analyst role.
    """

    def __init__(
        self,
        store: AlertStore,
        api_exists: Callable[[str, Caller], object],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._api_exists = api_exists
        self._clock = clock

    def list(self, caller: Caller) -> tuple[Alert, ...]:
        """Every alert, by name."""
        authorize(caller, "alerts:read")
        return self._store.list(caller.tenant_id)

    def search(self, query: AlertQuery, caller: Caller) -> Page[Alert]:
        """The alerts whose name, description or API has what is asked for."""
        return listed(
            self.list(caller),
            query,
            words=lambda alert: (alert.alert_name, alert.description, _api(alert)),
            order=_ORDERS[query.sort],
        )

    def get(self, ref: str, caller: Caller) -> Alert:
        """One by id or name; raises NotFoundError."""
        authorize(caller, "alerts:read")
        return self._store.get(caller.tenant_id, ref)

    def events(
        self, caller: Caller, ref: str | None = None, limit: int = 50
    ) -> tuple[AlertEvent, ...]:
        """What an alert told, or all of them, newest first."""
        alert = self.get(ref, caller) if ref is not None else None
        authorize(caller, "alerts:read")
        return self._store.events(
            caller.tenant_id, alert.id if alert else None, min(limit, MOST_EVENTS)
        )

    def create(self, fields: Mapping[str, Any], caller: Caller) -> Alert:
        """Save a new alert, which is looked at from now on if it is switched on.

        Raises:
            DefinitionInvalidError: With every issue; nothing was saved.
            NotFoundError: There is no API of this name.
            ConflictError: The name is taken.
        """
        alert = self.planned(fields, caller)
        self._store.create(alert, self._audit("alert.create", alert, caller))
        return alert

    def planned(
        self,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        before: Alert | None = None,
        api_exists: Callable[[str, Caller], object] | None = None,
    ) -> Alert:
        """The alert that saving these fields would make, which begins quiet; nothing is saved.

        Args:
            fields: Those of an author, all of them.
            caller: Who saves it.
            before: The alert that it replaces, if any.
            api_exists: Raises NotFoundError for an API that will not be there, when that is not
                told by those that are there.

        Raises:
            DefinitionInvalidError, NotFoundError: As `create`.
        """
        authorize(caller, "alerts:write")
        now = self._clock()
        complete = self._checked({**_DEFAULTS, **fields}, caller, api_exists)
        if before is not None:
            anew = {"phase": "quiet", "since": None, "value": None, "updated_at": now}
            return before.model_copy(update={**complete, **anew})
        return Alert(
            id=uuid4(),
            tenant_id=caller.tenant_id,
            created_by=caller.subject,
            created_at=now,
            updated_at=now,
            **complete,
        )

    def update(self, ref: str, fields: Mapping[str, Any], caller: Caller) -> Alert:
        """Replace the fields given; the alert begins anew, quiet.

        Raises:
            DefinitionInvalidError, NotFoundError, ConflictError: As `create`.
        """
        authorize(caller, "alerts:write")
        alert = self._store.get(caller.tenant_id, ref)
        authored = {name: getattr(alert, name) for name in ALERT_FIELDS}
        changed = self.planned({**authored, **fields}, caller, before=alert)
        self._store.change(changed, self._audit("alert.update", changed, caller))
        return self._store.get(caller.tenant_id, str(alert.id))

    def delete(self, ref: str, caller: Caller) -> None:
        """Remove an alert; what it told stays in the list of events."""
        authorize(caller, "alerts:write")
        alert = self._store.get(caller.tenant_id, ref)
        self._store.delete(alert, self._audit("alert.delete", alert, caller))

    def tell(self, ref: str, caller: Caller) -> AlertEvent:
        """Tell who is told that this is a try, and change nothing else."""
        authorize(caller, "alerts:write")
        alert = self._store.get(caller.tenant_id, ref)
        event = told_by(alert, "tried", self._clock(), alert.value)
        self._store.add_event(event)
        return event

    def _checked(
        self,
        fields: Mapping[str, Any],
        caller: Caller,
        api_exists: Callable[[str, Caller], object] | None,
    ) -> dict[str, Any]:
        issues = alert_issues(fields)
        if issues:
            raise DefinitionInvalidError(issues[0].message, issues=issues)
        if (api := fields["spec"].get("api")) is not None:
            (api_exists or self._api_exists)(api, caller)
        return {name: fields[name] for name in ALERT_FIELDS}

    def _audit(self, action: str, alert: Alert, caller: Caller) -> AuditEntry:
        return AuditEntry(
            tenant_id=caller.tenant_id,
            actor=caller.subject,
            action=action,
            target=alert.alert_name,
            at=self._clock(),
            detail={"is_active": alert.is_active},
        )


def alert_issues(fields: Mapping[str, Any]) -> tuple[Issue, ...]:
    """What is wrong with the fields of an alert, whatever API they name."""
    issues: list[Issue] = [
        _issue(name, f"there is no {name!r}; known: {', '.join(ALERT_FIELDS)}")
        for name in sorted(set(fields) - set(ALERT_FIELDS))
    ]
    name = fields.get("alert_name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        issues.append(_issue("alert_name", "lower-case letters, digits, '-' and '_', at most 100"))
    if not isinstance(fields.get("description", ""), str):
        issues.append(_issue("description", "a text"))
    if not isinstance(fields.get("is_active", True), bool):
        issues.append(_issue("is_active", "true or false"))
    for part, compiled in (("spec", compile_alert), ("delivery", compile_delivery)):
        value = fields.get(part)
        if not isinstance(value, Mapping):
            issues.append(_issue(part, "an object"))
            continue
        try:
            compiled(value)
        except DefinitionInvalidError as error:
            issues += error.issues
    return tuple(issues)


def _issue(path: str, message: str) -> Issue:
    return Issue(code="alert_invalid", message=f"{path}: {message}", path=path)

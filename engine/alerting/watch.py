"""Looks at the figures for every alert, records what changed, and calls webhooks.

That an alert fires once however many processes look rests on what is recorded: a change of state
and what it tells are one transaction, which only the first of several can make.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from engine.alerting.trigger import AlertTrigger, Sight, compile_alert
from engine.alerting.webhook import WebhookSender, compile_delivery
from engine.conditions import ConditionFailedError, HoldState, advance
from engine.errors import EngineError
from engine.metrics import Metrics, MetricsQuery
from engine.model import Caller
from engine.model.alerting import Alert, AlertChange, AlertEvent
from engine.ports.alerting import AlertStore

logger = logging.getLogger(__name__)

CLAIMED_FOR = timedelta(seconds=60)
"""A delivery whose process is not heard of for so long is made by another one."""
AT_ONCE = 20
WAITS = tuple(timedelta(seconds=s) for s in (15, 60, 300, 900, 3600))
"""Before each further attempt; after the last the delivery has failed."""

FindApi = Callable[[str, str], UUID | None]
"""The id of a tenant's API by name or id; None when there is none."""


class AlertWatch:
    """Looks once at everything there is to look at; called by one thread at a time."""

    def __init__(
        self,
        store: AlertStore,
        metrics: Metrics,
        find_api: FindApi,
        sender: WebhookSender,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._find_api = find_api
        self._sender = sender
        self._clock = clock
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Begin nothing more: a webhook under way is the last one, and it is bounded in time."""
        self._stopped.set()

    def look(self) -> None:
        """Look at the figures of every alert that is switched on."""
        for alert in self._store.active():
            if self._stopped.is_set():
                return
            try:
                self._look_at(alert)
            except (EngineError, ConditionFailedError) as error:
                logger.warning("the alert %s could not be looked at: %s", alert.alert_name, error)

    def deliver(self) -> None:
        """Call the webhooks that are due."""
        now = self._clock()
        for event in self._store.claim(now, now + CLAIMED_FOR, AT_ONCE):
            if self._stopped.is_set():
                return  # another process takes what is left when this one's time is over
            self._store.delivered(self._delivered(event))

    def _look_at(self, alert: Alert) -> None:
        trigger = compile_alert(alert.spec)
        sight = self._sight(alert, trigger)
        now = self._clock()
        state, change = advance(
            HoldState(alert.phase, alert.since),
            now,
            trigger.hold,
            is_past=sight.is_past,
            is_back=sight.is_back,
        )
        stands = alert.model_copy(
            update={
                "phase": state.phase,
                "since": state.since,
                "value": sight.value,
                "checked_at": now,
            }
        )
        event = told_by(stands, change, now, sight.value) if change else None
        if self._store.advance(stands, event) and event is not None:
            _log(event)

    def _sight(self, alert: Alert, trigger: AlertTrigger) -> Sight:
        query = MetricsQuery(window=trigger.window)
        if trigger.api is not None:
            api_id = self._find_api(alert.tenant_id, trigger.api)
            if api_id is None:
                return Sight(is_past=False, is_back=True, value=None)
            query = query.of_api(api_id)
        watcher = Caller(
            subject="alerts", kind="system", tenant_id=alert.tenant_id, roles=frozenset({"viewer"})
        )
        return trigger.look(asdict(self._metrics.report(query, watcher).total))

    def _delivered(self, event: AlertEvent) -> AlertEvent:
        attempts = event.attempts + 1
        try:
            alert = self._store.get(event.tenant_id, str(event.alert_id))
            webhook = compile_delivery(alert.delivery)
            if webhook is not None:
                self._sender.send(webhook, event.payload, event.tenant_id, event.id)
        except EngineError as error:
            return self._missed(event, attempts, error)
        update = {"status": "delivered", "attempts": attempts, "next_at": None, "error": None}
        return event.model_copy(update=update)

    def _missed(self, event: AlertEvent, attempts: int, error: EngineError) -> AlertEvent:
        is_last = attempts > len(WAITS)
        logger.warning(
            "the webhook of the alert %s failed%s: %s",
            event.alert_name,
            " for the last time" if is_last else "",
            error.message,
        )
        return event.model_copy(
            update={
                "status": "failed" if is_last else "waiting",
                "attempts": attempts,
                "next_at": None if is_last else self._clock() + WAITS[attempts - 1],
                "error": f"{error.code}: {error.message}",
            }
        )


def told_by(alert: Alert, change: AlertChange, at: datetime, value: float | None) -> AlertEvent:
    """What an alert tells of a change; a webhook is called at once."""
    trigger = compile_alert(alert.spec)
    event_id = uuid4()
    message = _message(alert, trigger, change, value)
    is_logged = alert.delivery.get("type") == "log"
    payload: dict[str, Any] = {
        "id": str(event_id),
        "alert": alert.alert_name,
        "description": alert.description,
        "change": change,
        "at": at.astimezone(UTC).isoformat(),
        "value": value,
        "watched": trigger.words,
        "api": trigger.api,
        "window": str(alert.spec.get("window", "5m")),
        "tenant": alert.tenant_id,
        "message": message,
    }
    return AlertEvent(
        id=event_id,
        tenant_id=alert.tenant_id,
        alert_id=alert.id,
        alert_name=alert.alert_name,
        change=change,
        at=at,
        value=value,
        message=message,
        status="logged" if is_logged else "waiting",
        next_at=None if is_logged else at,
        payload=payload,
    )


def _message(alert: Alert, trigger: AlertTrigger, change: AlertChange, value: float | None) -> str:
    of = trigger.api or "all APIs"
    seen = "" if value is None else f", at {value:g}"
    return f"{alert.alert_name} {change}: {trigger.words} of {of}{seen}"


def _log(event: AlertEvent) -> None:
    level = logging.ERROR if event.change == "fired" else logging.INFO
    fields = {name: value for name, value in event.payload.items() if name != "message"}
    logger.log(level, "%s", event.message, extra={"fields": fields})

"""Alerts: their store, and the thread that looks at figures and calls webhooks."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from engine.alerting import Alerts, AlertWatch, WebhookSender
from engine.api_manager import ApiManager
from engine.bootstrap.execution import read_secret
from engine.bootstrap.stores import Stores
from engine.errors import NotFoundError
from engine.metrics import Metrics
from engine.model import Caller
from engine.settings import Settings
from engine.upkeep import Upkeep
from storage.alerts import SqlAlertStore
from storage.leases import SqlLeases

_EVERY_S = 15.0


def open_alerts(
    settings: Settings, stores: Stores, metrics: Metrics, apis: ApiManager, opening: ExitStack
) -> Alerts:
    """The alerts; a thread of this process looks at them whenever no other process does."""
    store = SqlAlertStore(stores.database)
    sender = WebhookSender(partial(read_secret, stores.settings))
    opening.callback(sender.close)
    watch = AlertWatch(store, metrics, partial(_api_id, apis), sender)
    leases = SqlLeases(stores.database)

    def drop_events() -> None:
        store.drop_events(datetime.now(UTC) - timedelta(days=settings.log_retention_days))

    upkeep = Upkeep(
        partial(leases.take, "alerts"),
        {"alerts": watch.look, "alert webhooks": watch.deliver, "alert retention": drop_events},
        every_s=_EVERY_S,
    )
    opening.callback(upkeep.close)
    opening.callback(watch.stop)
    return Alerts(store, apis.get)


def _api_id(apis: ApiManager, tenant_id: str, ref: str) -> UUID | None:
    watcher = Caller(
        subject="alerts", kind="system", tenant_id=tenant_id, roles=frozenset({"viewer"})
    )
    try:
        return apis.get(ref, watcher).id
    except NotFoundError:
        return None

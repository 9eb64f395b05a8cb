"""Tells which alerts watch an API."""

from collections.abc import Sequence

from engine.lineage import Use
from engine.ports.alerting import AlertStore


class AlertUsers:
    """The alerts over the figures of one API."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store

    def users_of(self, tenant_id: str, refs: tuple[str, str]) -> Sequence[Use]:
        """The alerts that name one of these, by name."""
        return [
            Use(kind="alert", name=alert.alert_name, parts=("spec",), is_active=alert.is_active)
            for alert in self._store.list(tenant_id)
            if alert.spec.get("api") and alert.spec["api"] in refs
        ]

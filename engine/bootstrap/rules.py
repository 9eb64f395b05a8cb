"""Rules: their stores, what they watch, and the thread that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from engine.auth import Auth, RuleOwners
from engine.bootstrap.stores import Stores
from engine.cep.actions import ActionRunner, Execute
from engine.cep.backtest import Backtester
from engine.cep.intake import Intake
from engine.cep.rules import Rules
from engine.cep.runner import RuleRunner
from engine.cep.triggers import MetricTrigger
from engine.errors import NotFoundError
from engine.metrics import Figures, Metrics, MetricsQuery
from engine.model import ApiDefinition, Caller
from engine.model.cep import Rule
from engine.settings import Settings
from storage.cep_events import SqlEventStore
from storage.cep_firings import SqlFiringStore
from storage.cep_rules import SqlRuleStore
from storage.leases import SqlLeases

_BEGIN_AFTER_S = 2.0
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class _Watching:
    """The engine's own metrics as rules see them."""

    metrics: Metrics
    find_api: Callable[[str, str], ApiDefinition | None]
    owners: RuleOwners

    def value(self, trigger: MetricTrigger, rule: Rule) -> float | None:
        caller = self.owners.caller(rule.owner, rule.tenant_id)
        return _figure(self.metrics.report(self._query(trigger, caller), caller).total, trigger)

    def series(
        self, trigger: MetricTrigger, since: datetime, until: datetime, caller: Caller
    ) -> Iterator[tuple[datetime, float | None]]:
        """By slices as long as the rule's window, in whole minutes."""
        step = timedelta(seconds=ceil(trigger.window_s / _MINUTE_S) * _MINUTE_S)
        query = self._query(trigger, caller)
        report = self.metrics.report(
            MetricsQuery(window=until - since, step=step, until=until, api_id=query.api_id), caller
        )
        for point in report.series:
            yield point.start + step, _figure(point.figures, trigger)

    def _query(self, trigger: MetricTrigger, caller: Caller) -> MetricsQuery:
        query = MetricsQuery(window=timedelta(seconds=trigger.window_s))
        if trigger.api is None:
            return query
        api = self.find_api(caller.tenant_id, trigger.api)
        if api is None:
            raise NotFoundError(f"there is no API {trigger.api!r}")
        return query.of_api(api.id)


def open_rules(
    settings: Settings,
    stores: Stores,
    auth: Auth,
    metrics: Metrics,
    execute: Execute,
    opening: ExitStack,
) -> tuple[Rules, RuleRunner]:
    """The rules, and what runs them in this process unless its settings say otherwise."""

    def find_api(tenant_id: str, ref: str) -> ApiDefinition | None:
        try:
            return stores.definitions.get(tenant_id, ref)
        except NotFoundError:
            return None

    owners = RuleOwners(auth)
    watching = _Watching(metrics, find_api, owners)
    rule_store, events = SqlRuleStore(stores.database), SqlEventStore(stores.database)
    firings = SqlFiringStore(stores.database)
    runner = RuleRunner(
        rules=rule_store,
        events=events,
        firings=firings,
        actions=ActionRunner(execute, owners),
        metric_value=watching.value,
        lease=SqlLeases(stores.database),
    )
    opening.callback(runner.close)
    rules = Rules(
        store=rule_store,
        firings=firings,
        event_store=events,
        events=Intake(events, nudge=runner.nudge),
        find_api=find_api,
        backtester=Backtester(events, watching.series),
        nudge=runner.nudge,
    )
    if settings.run_rules:
        runner.start(delay_s=_BEGIN_AFTER_S)
    return rules, runner


def _figure(figures: Figures, trigger: MetricTrigger) -> float | None:
    value = getattr(figures, trigger.metric)
    return None if value is None else float(value)

"""How APIs keep the objectives of their policies: error budgets, and how fast they burn.

Beyer et al., "The Site Reliability Workbook" (2018), chapter 5: an objective of 99 % leaves a
budget of 1 % of the calls of its window. The burn rate is the share of bad calls of a while ÷ that
budget: at 1 it lasts exactly as long as the window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from engine.api_manager import ApiManager
from engine.auth import authorize
from engine.errors import DefinitionInvalidError, NotFoundError
from engine.metrics import Compliance, Metrics, MetricsQuery
from engine.model import ApiDefinition, Caller
from engine.model.policy import SloPolicy
from engine.policy_index import PolicyIndex

logger = logging.getLogger(__name__)

RECENT = timedelta(hours=1)
"""What the burn rate looks back on."""

Objective = Literal["availability", "latency"]
EffectiveApi = Callable[[ApiDefinition], ApiDefinition]
"""A definition with the policy in force, that of an asset included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveReport:
    """How one objective is kept; what cannot be told without calls is None.

    Attributes:
        objective: Which.
        target: The share of calls that has to be good.
        limit_ms: For latency, the duration that a good call does not exceed.
        calls: Calls of the window that count.
        good_share: The share of them that was good.
        budget_left: What is left of the error budget, as a share of it; negative when overspent.
        burn_rate: How fast the last hour spends it; above 1 it will not last.
    """

    objective: Objective
    target: float
    limit_ms: float | None
    calls: int
    good_share: float | None
    budget_left: float | None
    burn_rate: float | None

    @property
    def is_kept(self) -> bool:
        """Whether the budget is not overspent; without calls it is not."""
        return self.budget_left is None or self.budget_left >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SloReport:
    """How an API keeps its objectives over a window that ends now."""

    api_id: UUID
    api_name: str
    window_days: int
    objectives: tuple[ObjectiveReport, ...]


class Slos:
    """Reports on the objectives of the caller's APIs; at least the viewer role is needed."""

    def __init__(
        self, apis: ApiManager, index: PolicyIndex, metrics: Metrics, effective: EffectiveApi
    ) -> None:
        self._apis = apis
        self._index = index
        self._metrics = metrics
        self._effective = effective

    def report(self, ref: str, caller: Caller) -> SloReport | None:
        """Of one API; None when its policy sets no objective. Raises NotFoundError."""
        authorize(caller, "logs:read")
        return self._report(self._apis.get(ref, caller), caller)

    def reports(self, caller: Caller) -> tuple[SloReport, ...]:
        """Of every API that has objectives, those whose budget is most spent first."""
        authorize(caller, "logs:read")
        found = [
            report for api in self._every_api(caller) if (report := self._attempted(api, caller))
        ]
        return tuple(sorted(found, key=lambda each: (_least_left(each), each.api_name)))

    def _every_api(self, caller: Caller) -> Iterator[ApiDefinition]:
        return self._index.of(caller, "logs:read")

    def _attempted(self, api: ApiDefinition, caller: Caller) -> SloReport | None:
        """The report of one of many; a policy that stands on an asset that is gone has none."""
        try:
            return self._report(api, caller)
        except (DefinitionInvalidError, NotFoundError) as error:
            logger.warning("the objectives of %s cannot be read: %s", api.api_name, error)
            return None

    def _report(self, api: ApiDefinition, caller: Caller) -> SloReport | None:
        slo = self._effective(api).runtime_policy.slo
        if slo.availability is None and slo.latency_ms is None:
            return None
        query = MetricsQuery(window=timedelta(days=slo.window_days)).of_api(api.id)
        recent = MetricsQuery(window=RECENT).of_api(api.id)
        over = self._metrics.compliance(query, caller, limit_ms=slo.latency_ms)
        lately = self._metrics.compliance(recent, caller, limit_ms=slo.latency_ms)
        return SloReport(
            api_id=api.id,
            api_name=api.api_name,
            window_days=slo.window_days,
            objectives=tuple(_objectives(slo, over, lately)),
        )


def _objectives(slo: SloPolicy, over: Compliance, lately: Compliance) -> Iterator[ObjectiveReport]:
    if slo.availability is not None:
        yield _judged(
            "availability",
            slo.availability,
            None,
            over.expected,
            over.available_share,
            lately.available_share,
        )
    if slo.latency_ms is not None:
        yield _judged(
            "latency",
            slo.latency_share,
            slo.latency_ms,
            over.ran,
            over.within_share,
            lately.within_share,
        )


def _judged(
    objective: Objective,
    target: float,
    limit_ms: float | None,
    calls: int,
    good: float | None,
    good_lately: float | None,
) -> ObjectiveReport:
    budget = 1 - target
    return ObjectiveReport(
        objective=objective,
        target=target,
        limit_ms=limit_ms,
        calls=calls,
        good_share=good,
        budget_left=None if good is None else 1 - (1 - good) / budget,
        burn_rate=None if good_lately is None else (1 - good_lately) / budget,
    )


def _least_left(report: SloReport) -> float:
    known = [each.budget_left for each in report.objectives if each.budget_left is not None]
    return min(known, default=1.0)

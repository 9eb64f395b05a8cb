"""Tells when a rule would have fired, from recorded events and metrics; calls nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.cep.detection import EventDetector, MetricDetector, Occurrence, WindowDetector
from engine.cep.state import RuleState
from engine.cep.triggers import MetricTrigger, ScheduleTrigger, Trigger, WindowTrigger
from engine.cep.windows import slice_s
from engine.errors import BadRequestError
from engine.model import Caller
from engine.model.cep import Event
from engine.ports.cep import EventStore

LONGEST = timedelta(days=31)
MOST_LOOKS = 5000
MOST_TOLD = 500
MOST_GROUPS_DRAWN = 8
MAX_SECONDS = 20.0
"""How long one backtest may take."""

MetricSeries = Callable[
    [MetricTrigger, datetime, datetime, Caller], Iterator[tuple[datetime, float | None]]
]
"""A metric's value at the end of each window of a period."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of the past; `until` is not in it."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: datetime, until: datetime, now: datetime) -> Period:
        """A period that can be looked at; raises BadRequestError."""
        until = min(until, now)
        if since >= until:
            raise BadRequestError("a period begins before it ends, and in the past")
        if until - since > LONGEST:
            raise BadRequestError(f"a period has at most {LONGEST.days} days")
        return cls(since, until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What the rule watched had this value at a time."""

    at: datetime
    group: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What came of it.

    Attributes:
        occurrences: When the rule would have fired and cleared, the first `MOST_TOLD`.
        fired: How often it would have fired.
        series: The watched values, of the first groups seen; empty for rules over single events.
        step_s: How often the rule looked; live rules look at least as often.
        events, matched, unreadable: Events in the period; those that the rule is about; those
            whose types did not fit it, and what was wrong with the last of them.
        held_back: Firings that cooldown or rate prevented.
    """

    occurrences: tuple[Occurrence, ...] = ()
    fired: int = 0
    series: tuple[Point, ...] = ()
    step_s: float | None = None
    events: int = 0
    matched: int = 0
    unreadable: int = 0
    unreadable_why: str = ""
    held_back: int = 0


@dataclass(slots=True)
class _Account:
    """What is found on the way."""

    told: list[Occurrence] = field(default_factory=list)
    fired: int = 0
    events: int = 0
    points: list[Point] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)

    def note(self, occurrence: Occurrence | None) -> None:
        if occurrence is None:
            return
        self.fired += occurrence.change == "fired"
        if len(self.told) < MOST_TOLD:
            self.told.append(occurrence)

    def draw(self, at: datetime, group: str, value: float | None) -> None:
        if group in self.groups or len(self.groups) < MOST_GROUPS_DRAWN:
            self.groups.add(group)
            self.points.append(Point(at=at, group=group, value=value))

    def result(self, state: RuleState, step_s: float | None = None) -> Backtest:
        return Backtest(
            occurrences=tuple(self.told),
            fired=self.fired,
            series=tuple(self.points),
            step_s=step_s,
            events=self.events,
            matched=state.matched,
            unreadable=state.unreadable,
            unreadable_why=state.unreadable_why,
            held_back=state.held_back,
        )


class Backtester:
    """Runs triggers over the recorded past of a tenant."""

    def __init__(
        self,
        events: EventStore,
        metric_series: MetricSeries,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._metric_series = metric_series
        self._clock = clock

    def run(self, trigger: Trigger, period: Period, caller: Caller) -> Backtest:
        """What a trigger would have done; raises BadRequestError when it would take too long."""
        if isinstance(trigger, ScheduleTrigger):
            return _schedule(trigger, period)
        if isinstance(trigger, MetricTrigger):
            return self._metric(trigger, period, caller)
        if isinstance(trigger, WindowTrigger):
            return self._window(trigger, period, caller.tenant_id)
        state, account = RuleState(), _Account()
        detector = EventDetector(trigger, state)
        for event in self._recorded(period.since, period, caller.tenant_id):
            account.events += 1
            account.note(detector.feed(event))
        return account.result(state)

    def _window(self, trigger: WindowTrigger, period: Period, tenant_id: str) -> Backtest:
        """Look at regular times; what was in the window when the period begins counts as well."""
        state, account = RuleState(), _Account()
        detector = WindowDetector(trigger, state)
        length_s = (period.until - period.since).total_seconds()
        step_s = max(slice_s(trigger.window_s), length_s / MOST_LOOKS)
        step, look = timedelta(seconds=step_s), period.since
        before = period.since - timedelta(seconds=trigger.window_s)
        for event in self._recorded(before, period, tenant_id):
            while look <= event.occurred_at:
                _look(detector, look, account)
                look += step
            account.events += event.occurred_at >= period.since
            detector.feed(event)
        while look <= period.until:
            _look(detector, look, account)
            look += step
        return account.result(state, step_s)

    def _metric(self, trigger: MetricTrigger, period: Period, caller: Caller) -> Backtest:
        state, account = RuleState(), _Account()
        detector = MetricDetector(trigger, state)
        for at, value in self._metric_series(trigger, period.since, period.until, caller):
            account.draw(at, "", value)
            account.note(detector.see(value, at))
        return account.result(state, trigger.window_s)

    def _recorded(self, since: datetime, period: Period, tenant_id: str) -> Iterator[Event]:
        end = self._clock() + MAX_SECONDS
        for number, event in enumerate(self._events.between(tenant_id, since, period.until)):
            if number % 1000 == 0 and self._clock() > end:
                raise BadRequestError(
                    f"there are too many events for {MAX_SECONDS:.0f} seconds of looking",
                    hint="Take a shorter period.",
                )
            yield event


def _look(detector: WindowDetector, at: datetime, account: _Account) -> None:
    for occurrence in detector.tick(at):
        account.note(occurrence)
    for group, value in detector.values().items():
        account.draw(at, group, value)


def _schedule(trigger: ScheduleTrigger, period: Period) -> Backtest:
    account = _Account()
    moment = trigger.next_after(period.since - timedelta(seconds=1))
    while moment < period.until:
        account.note(Occurrence(change="fired", at=moment, cause=f"schedule:{moment.isoformat()}"))
        moment = trigger.next_after(moment)
    return account.result(RuleState())

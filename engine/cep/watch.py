"""Looks at one tenant's events and metrics for its rules, and records what fired."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from engine.cep.detection import (
    EventDetector,
    MetricDetector,
    Occurrence,
    WindowDetector,
    detector_of,
)
from engine.cep.state import RuleState
from engine.cep.triggers import MetricTrigger, ScheduleTrigger, Trigger, compile_trigger
from engine.errors import EngineError, NotFoundError
from engine.model.cep import Event, Firing, Rule
from engine.ports.cep import Cursor, EventStore, FiringStore, Progress, RuleStamp, RuleStore

logger = logging.getLogger(__name__)

BATCH = 5000
METRIC_EVERY = timedelta(seconds=15)
SKIPPED_AFTER = timedelta(minutes=1)
"""A scheduled time that nobody was there for is made up for so long, and then skipped."""

MetricValue = Callable[[MetricTrigger, Rule], float | None]
"""A metric's value now, as a rule's owner sees it."""


@dataclass(slots=True)
class _Watched:
    """A rule that is switched on, at work."""

    rule: Rule
    trigger: Trigger
    state: RuleState
    detector: EventDetector | WindowDetector | MetricDetector | None
    stored: dict[str, Any]
    due: datetime | None = None


class TenantWatch:
    """The rules of one tenant at work; owned by one thread.

    Whoever commits first has seen the events: a watch that comes second has its look for nothing,
    and begins again from what is recorded.
    """

    def __init__(
        self,
        tenant_id: str,
        rules: RuleStore,
        events: EventStore,
        firings: FiringStore,
        metric_value: MetricValue,
    ) -> None:
        self._tenant_id = tenant_id
        self._rules = rules
        self._events = events
        self._firings = firings
        self._metric_value = metric_value
        self._watched: list[_Watched] = []
        self._stamps: frozenset[RuleStamp] = frozenset()
        self._cursor: Cursor | None = None

    def look(self, stamps: frozenset[RuleStamp], now: datetime) -> bool:
        """Take in the next events and look at the time; whether there is more to take in."""
        if self._cursor is None or stamps != self._stamps:
            self._load(stamps, now)
        cursor = self._cursor
        if cursor is None:
            return False
        occurrences: list[tuple[Rule, Occurrence]] = []
        events = self._next_events(cursor)
        for event in events:
            occurrences += self._feed(event)
        is_behind = len(events) == BATCH
        if not is_behind:
            occurrences += self._look_at_time(now)
        seq = events[-1].seq if events else cursor.seq
        self._commit(cursor, seq, occurrences)
        return is_behind

    def _load(self, stamps: frozenset[RuleStamp], now: datetime) -> None:
        """Read the rules again, and into windows what was in them already."""
        recorded = self._firings.cursor(self._tenant_id)
        self._watched = [
            watched
            for stamp in sorted(stamps, key=lambda each: str(each.rule_id))
            if (watched := self._read(stamp, now)) is not None
        ]
        starts = [each.rule.from_seq for each in self._watched if _reads_events(each)]
        seq = max(recorded.seq, min(starts, default=recorded.seq))
        self._cursor = Cursor(seq, recorded.revision)
        self._stamps = stamps
        for watched in self._watched:
            if isinstance(watched.detector, WindowDetector):
                self._fill(watched, watched.detector, max(seq, watched.rule.from_seq), now)

    def _read(self, stamp: RuleStamp, now: datetime) -> _Watched | None:
        try:
            rule = self._rules.get(self._tenant_id, str(stamp.rule_id))
            trigger = compile_trigger(rule.trigger_type, rule.trigger_spec)
        except NotFoundError:
            return None
        except EngineError as error:
            logger.warning("the rule %s cannot be read, and rests: %s", stamp.rule_id, error)
            return None
        state = RuleState.of_json(rule.state)
        if isinstance(trigger, MetricTrigger):
            metric = MetricDetector(trigger, state)
            return _Watched(rule, trigger, state, metric, state.to_json(), due=now)
        watched = _Watched(rule, trigger, state, detector_of(trigger, state), state.to_json())
        if isinstance(trigger, ScheduleTrigger):
            watched.due = trigger.next_after(max(rule.updated_at, now - SKIPPED_AFTER))
        return watched

    def _fill(
        self, watched: _Watched, detector: WindowDetector, up_to_seq: int, now: datetime
    ) -> None:
        """Put into a window the events that were recorded before the rule begins to look."""
        length = timedelta(seconds=detector.window_s)
        matched, unreadable = watched.state.matched, watched.state.unreadable
        for event in self._events.between(
            self._tenant_id, now - length, now + length, up_to_seq=up_to_seq
        ):
            detector.feed(event)
        watched.state.matched, watched.state.unreadable = matched, unreadable

    def _next_events(self, cursor: Cursor) -> Sequence[Event]:
        if not any(_reads_events(each) for each in self._watched):
            return ()
        return self._events.after(self._tenant_id, cursor.seq, BATCH)

    def _feed(self, event: Event) -> Iterator[tuple[Rule, Occurrence]]:
        for watched in self._watched:
            detector = watched.detector
            if event.seq <= watched.rule.from_seq:
                continue
            if isinstance(detector, WindowDetector):
                detector.feed(event)
            elif isinstance(detector, EventDetector) and (fired := detector.feed(event)):
                yield watched.rule, fired

    def _look_at_time(self, now: datetime) -> Iterator[tuple[Rule, Occurrence]]:
        for watched in self._watched:
            if isinstance(watched.detector, WindowDetector):
                for occurrence in watched.detector.tick(now):
                    yield watched.rule, occurrence
            elif watched.due is not None and watched.due <= now:
                yield from self._look_at_due(watched, watched.due, now)

    def _look_at_due(
        self, watched: _Watched, due: datetime, now: datetime
    ) -> Iterator[tuple[Rule, Occurrence]]:
        if isinstance(watched.trigger, ScheduleTrigger):
            watched.due = watched.trigger.next_after(due)
            cause = f"schedule:{due.astimezone(UTC).isoformat()}"
            yield watched.rule, Occurrence(change="fired", at=due, cause=cause)
        if isinstance(watched.trigger, MetricTrigger) and isinstance(
            watched.detector, MetricDetector
        ):
            watched.due = now + METRIC_EVERY
            try:
                value = self._metric_value(watched.trigger, watched.rule)
            except EngineError as error:
                logger.warning(
                    "the rule %s cannot see its metric: %s", watched.rule.rule_name, error
                )
                return
            occurrence = watched.detector.see(value, now)
            if occurrence is not None:
                yield watched.rule, occurrence

    def _commit(
        self, cursor: Cursor, seq: int, occurrences: Sequence[tuple[Rule, Occurrence]]
    ) -> None:
        states = {
            (each.rule.id, each.rule.version): state
            for each in self._watched
            if (state := each.state.to_json()) != each.stored
        }
        if seq == cursor.seq and not states and not occurrences:
            return
        firings = [firing_of(rule, occurrence) for rule, occurrence in occurrences]
        progress = Progress(seq=seq, states=states, firings=firings)
        if not self._firings.commit(self._tenant_id, cursor, progress):
            self._cursor = None
            return
        self._cursor = Cursor(seq, cursor.revision + 1)
        for each in self._watched:
            each.stored = states.get((each.rule.id, each.rule.version), each.stored)


def firing_of(rule: Rule, occurrence: Occurrence) -> Firing:
    """What is recorded of a rule that fired or cleared."""
    event = occurrence.event
    return Firing(
        id=uuid4(),
        tenant_id=rule.tenant_id,
        rule_id=rule.id,
        rule_name=rule.rule_name,
        rule_version=rule.version,
        firing_key=f"{rule.version}:{occurrence.cause}",
        group=occurrence.group,
        value=occurrence.value,
        event_id=event.event_id if event else None,
        trace_id=event.trace_id if event else uuid4().hex,
        status="pending" if occurrence.change == "fired" else "cleared",
        fired_at=occurrence.at,
        names=_names(rule, occurrence),
    )


def _names(rule: Rule, occurrence: Occurrence) -> dict[str, Any]:
    """What the templates of the action may read."""
    event = occurrence.event
    return {
        "event": dict(event.data) if event else {},
        "firing": {
            "rule": rule.rule_name,
            "group": occurrence.group,
            "value": occurrence.value,
            "count": occurrence.count,
            "at": occurrence.at.isoformat(),
            "event_id": event.event_id if event else None,
            "event_type": event.event_type if event else None,
            "occurred_at": event.occurred_at.isoformat() if event else None,
        },
    }


def _reads_events(watched: _Watched) -> bool:
    return isinstance(watched.detector, EventDetector | WindowDetector)

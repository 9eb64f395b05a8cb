"""Decides from events and the time whether a rule fires; knows no store and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.cep.state import MAX_KEYS, RuleState
from engine.cep.triggers import EventTrigger, MetricTrigger, Trigger, WindowTrigger
from engine.cep.windows import Window, slice_s
from engine.conditions import Change, Condition, ConditionFailedError, advance
from engine.conditions.fields import MISSING, value_at
from engine.errors import TemplateFailedError
from engine.model.cep import Event

NO_GROUP = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A rule fired or cleared.

    Attributes:
        cause: The same for the same cause, whoever sees it.
        event: The event that did it, or the newest of its window.
    """

    change: Change
    at: datetime
    cause: str
    group: str = NO_GROUP
    value: float | None = None
    count: int | None = None
    event: Event | None = None


def detector_of(trigger: Trigger, state: RuleState) -> EventDetector | WindowDetector | None:
    """What detects a rule's cause in events; None where events have nothing to do with it."""
    if isinstance(trigger, EventTrigger):
        return EventDetector(trigger, state)
    return WindowDetector(trigger, state) if isinstance(trigger, WindowTrigger) else None


class EventDetector:
    """Fires for single events."""

    def __init__(self, trigger: EventTrigger, state: RuleState) -> None:
        self._trigger = trigger
        self.state = state

    def feed(self, event: Event) -> Occurrence | None:
        """Fire when the event fulfils the condition and nothing holds the firing back."""
        trigger = self._trigger
        if not _is_wanted(trigger.event_type, trigger.where, event, self.state):
            return None
        self.state.matched += 1
        try:
            key = self._key(event)
        except TemplateFailedError as error:
            _note_unreadable(self.state, error.message)
            return None
        at = event.occurred_at
        if not self.state.may_fire(key, at, trigger.cooldown_s, trigger.max_per_minute):
            return None
        cause = f"event:{event.event_id}"
        return Occurrence(change="fired", at=at, cause=cause, group=key, event=event)

    def _key(self, event: Event) -> str:
        if self._trigger.dedupe is None:
            return NO_GROUP
        return str(self._trigger.dedupe.render({"event": event.data}))


class WindowDetector:
    """Fires when an aggregate over a window crosses a threshold, for each group by itself."""

    def __init__(self, trigger: WindowTrigger, state: RuleState) -> None:
        self._trigger = trigger
        self.state = state
        self._windows: dict[str, Window] = {}
        self._newest: dict[str, Event] = {}
        self._next_look: datetime | None = None

    @property
    def window_s(self) -> float:
        """How far back it looks."""
        return self._trigger.window_s

    def feed(self, event: Event) -> None:
        """Take an event into the window of its group."""
        trigger = self._trigger
        if not _is_wanted(trigger.event_type, trigger.where, event, self.state):
            return
        value = self._value(event)
        if value is None:
            return
        group = _group_of(trigger.group_by, event)
        window = self._window(group)
        if window is None:
            self.state.untracked += 1
            return
        self.state.matched += 1
        window.add(event.occurred_at.timestamp(), value)
        self._newest[group] = event

    def tick(self, at: datetime) -> Iterator[Occurrence]:
        """Look at every group, once in the time of a slice."""
        if self._next_look is not None and at < self._next_look:
            return
        self._next_look = at + timedelta(seconds=slice_s(self._trigger.window_s))
        if self._trigger.group_by is None:
            self._window(NO_GROUP)
        for group in [*self._windows]:
            occurrence = self._look(group, self._windows[group], at)
            if occurrence is not None:
                yield occurrence

    def values(self) -> dict[str, float | None]:
        """The aggregate of each group, as of the last look."""
        return {group: self._told(window) for group, window in self._windows.items()}

    def _look(self, group: str, window: Window, at: datetime) -> Occurrence | None:
        trigger, state = self._trigger, self.state
        window.move_to(at.timestamp())
        value, count = self._told(window), window.count
        hold, change = advance(
            state.hold(group),
            at,
            trigger.hold,
            is_past=value is not None and trigger.threshold.is_past(value),
            is_back=value is not None and trigger.threshold.is_back(value),
        )
        state.set_hold(group, hold)
        newest = self._newest.get(group)
        if not count and hold.phase == "quiet":
            del self._windows[group]
            self._newest.pop(group, None)
        if change is None or (change == "fired" and not self._may_fire(group, at)):
            return None
        return Occurrence(
            change=change,
            at=at,
            cause=f"window:{group}:{change}:{at.isoformat()}",
            group=group,
            value=value,
            count=count,
            event=newest,
        )

    def _may_fire(self, group: str, at: datetime) -> bool:
        trigger = self._trigger
        return self.state.may_fire(group, at, trigger.cooldown_s, trigger.max_per_minute)

    def _told(self, window: Window) -> float | None:
        """The aggregate, where there are enough events to tell.

        A count tells of few and of no events as well: that nothing comes in can be watched for.
        """
        is_count = self._trigger.aggregation in ("count", "rate")
        if not is_count and window.count < self._trigger.min_events:
            return None
        return window.value()

    def _window(self, group: str) -> Window | None:
        found = self._windows.get(group)
        if found is None and len(self._windows) < MAX_KEYS:
            trigger = self._trigger
            found = self._windows[group] = Window(trigger.aggregation, trigger.window_s)
        return found

    def _value(self, event: Event) -> float | None:
        trigger = self._trigger
        if trigger.field is None:
            return 1.0
        found = value_at(event.data, trigger.field)
        if found is MISSING:
            return None
        if trigger.aggregation in ("count", "rate"):
            return 1.0
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            _note_unreadable(self.state, f"{'.'.join(trigger.field)} is no number")
            return None
        return float(found)


class MetricDetector:
    """Fires when a metric that is asked for from outside crosses a threshold."""

    def __init__(self, trigger: MetricTrigger, state: RuleState) -> None:
        self._trigger = trigger
        self.state = state

    def see(self, value: float | None, at: datetime) -> Occurrence | None:
        """Look at the metric's value now; None where it cannot be told."""
        trigger = self._trigger
        hold, change = advance(
            self.state.hold(NO_GROUP),
            at,
            trigger.hold,
            is_past=value is not None and trigger.threshold.is_past(value),
            is_back=value is not None and trigger.threshold.is_back(value),
        )
        self.state.set_hold(NO_GROUP, hold)
        if change is None:
            return None
        if change == "fired" and not self.state.may_fire(
            NO_GROUP, at, trigger.cooldown_s, trigger.max_per_minute
        ):
            return None
        cause = f"metric:{change}:{at.isoformat()}"
        return Occurrence(change=change, at=at, cause=cause, value=value)


def _is_wanted(
    event_type: str | None, where: Condition | None, event: Event, state: RuleState
) -> bool:
    if event_type is not None and event.event_type != event_type:
        return False
    if where is None:
        return True
    try:
        return where.fulfilled(event.data)
    except ConditionFailedError as error:
        _note_unreadable(state, str(error))
        return False


def _group_of(group_by: tuple[str, ...] | None, event: Event) -> str:
    if group_by is None:
        return NO_GROUP
    found = value_at(event.data, group_by)
    return "(none)" if found is MISSING else str(found)[:200]


def _note_unreadable(state: RuleState, why: str) -> None:
    state.unreadable += 1
    state.unreadable_why = why[:300]

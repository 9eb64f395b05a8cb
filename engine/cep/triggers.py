"""Reads what a rule watches for, with every mistake told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from engine.conditions import Condition, Hold, Threshold, compile_condition, compile_threshold
from engine.errors import BadRequestError, DefinitionInvalidError
from engine.metrics import Figures
from engine.metrics_window import parse_duration
from engine.model import Issue
from engine.model.cep import TriggerType
from engine.templates import Template, check_template, compile_template

Aggregation = Literal[
    "count", "rate", "sum", "avg", "min", "max", "last", "p50", "p90", "p95", "p99"
]
AGGREGATIONS: tuple[Aggregation, ...] = (
    "count", "rate", "sum", "avg", "min", "max", "last", "p50", "p90", "p95", "p99"
)  # fmt: skip
METRICS = tuple(field.name for field in fields(Figures))
"""The engine's own metrics that a rule can watch."""
MAX_WINDOW_S = 7 * 86_400
MOST_PER_MINUTE = 6000
_PATH = re.compile(r"[^.\s]+(\.[^.\s]+)*")
_COMMON = ("cooldown", "max_per_minute")
_THRESHOLD = ("op", "value", "clear_value", "hold", "clear_hold")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "event": ("event_type", "where", "field", "op", "value", "dedupe_key", *_COMMON),
    "events": (
        "source", "event_type", "where", "field", "aggregation", "window", "group_by",
        "min_events", *_THRESHOLD, *_COMMON,
    ),
    "engine": ("source", "field", "api", "window", *_THRESHOLD, *_COMMON),
    "schedule": ("cron", "timezone"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class EventTrigger:
    """Fires for each event that fulfils a condition; once per key in the time of a cooldown."""

    event_type: str | None
    where: Condition | None
    dedupe: Template | None
    cooldown_s: float
    max_per_minute: int


@dataclass(frozen=True, kw_only=True)
class WindowTrigger:
    """Fires when an aggregate over the events of the last `window_s` crosses a threshold."""

    event_type: str | None
    where: Condition | None
    field: tuple[str, ...] | None
    aggregation: Aggregation
    window_s: float
    group_by: tuple[str, ...] | None
    min_events: int
    threshold: Threshold
    hold: Hold
    cooldown_s: float
    max_per_minute: int


@dataclass(frozen=True, kw_only=True)
class MetricTrigger:
    """Fires when one of the engine's own metrics crosses a threshold."""

    metric: str
    api: str | None
    window_s: float
    threshold: Threshold
    hold: Hold
    cooldown_s: float
    max_per_minute: int


@dataclass(frozen=True, kw_only=True)
class ScheduleTrigger:
    """Fires by the clock of a time zone."""

    cron: str
    timezone: str

    def next_after(self, moment: datetime) -> datetime:
        """The first time that the schedule names after a moment."""
        local = moment.astimezone(ZoneInfo(self.timezone))
        found: datetime = croniter(self.cron, local).get_next(datetime)
        return found


Trigger = EventTrigger | WindowTrigger | MetricTrigger | ScheduleTrigger


def compile_trigger(trigger_type: TriggerType, spec: Mapping[str, Any]) -> Trigger:
    """The trigger that a rule's fields say.

    Raises:
        DefinitionInvalidError: With an issue for every mistake, each with its path.
    """
    reader = _Reader(spec)
    source = _source(trigger_type, spec, reader)
    reader.refuse_unknown(_KEYS[source], source)
    trigger: Trigger | None = None
    try:
        trigger = _COMPILE[source](reader)
    except DefinitionInvalidError as error:
        reader.issues += error.issues
    if reader.issues or trigger is None:
        raise DefinitionInvalidError(reader.issues[0].message, issues=tuple(reader.issues))
    return trigger


def _source(trigger_type: TriggerType, spec: Mapping[str, Any], reader: _Reader) -> str:
    if trigger_type != "metric":
        return trigger_type
    source = spec.get("source", "engine")
    if source not in ("engine", "events"):
        reader.refuse("source", "a metric is of 'engine' (its own metrics) or of 'events'")
        return "events"
    return str(source)


class _Reader:
    """Takes fields out of a spec and collects what is wrong with them."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.spec = spec
        self.issues: list[Issue] = []

    def refuse(self, name: str, message: str) -> None:
        path = f"trigger_spec.{name}"
        self.issues.append(Issue(code="rule_invalid", message=f"{path}: {message}", path=path))

    def refuse_unknown(self, known: tuple[str, ...], source: str) -> None:
        for name in self.spec.keys() - set(known):
            self.refuse(name, f"no such field here; there are {', '.join(known)}")
            if source == "event" and name in ("window", "aggregation"):
                self.issues[-1] = self.issues[-1].model_copy(
                    update={
                        "suggestion": "A window over events is a rule of trigger_type 'metric' "
                        "with source 'events'."
                    }
                )

    def text(self, name: str) -> str | None:
        value = self.spec.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not 0 < len(value) <= 200:
            self.refuse(name, "takes a text of 1 to 200 characters")
            return None
        return value

    def path(self, name: str) -> tuple[str, ...] | None:
        value = self.text(name)
        if value is None:
            return None
        if not _PATH.fullmatch(value):
            self.refuse(name, "a field is a name, or names joined by dots")
            return None
        return tuple(value.split("."))

    def seconds(self, name: str, default: str) -> float:
        value = self.spec.get(name, default)
        try:
            seconds = parse_duration(str(value)).total_seconds()
        except BadRequestError as error:
            self.refuse(name, f"{error.message}; write 30s, 5m, 24h or 7d")
            return 0.0
        if seconds > MAX_WINDOW_S:
            self.refuse(name, "at most 7d")
        return seconds

    def whole(self, name: str, default: int, most: int) -> int:
        value = self.spec.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            self.refuse(name, f"takes a whole number from 1 to {most}")
            return default
        return value

    def window(self, default: str) -> float:
        seconds = self.seconds("window", default)
        if "window" in self.spec and seconds == 0:
            self.refuse("window", "a window is at least 1s long")
        return max(1.0, seconds)

    def condition(self) -> Condition | None:
        if self.spec.get("where") is None:
            return None
        return self.compiled(self.spec["where"], "trigger_spec.where")

    def compiled(self, spec: Any, path: str) -> Condition | None:
        try:
            return compile_condition(spec, path)
        except DefinitionInvalidError as error:
            self.issues += error.issues
            return None

    def threshold(self) -> Threshold:
        return compile_threshold(
            self.spec.get("op"),
            self.spec.get("value"),
            self.spec.get("clear_value"),
            "trigger_spec",
        )

    def hold(self) -> Hold:
        return Hold(self.seconds("hold", "0s"), self.seconds("clear_hold", "0s"))


def _event(reader: _Reader) -> EventTrigger:
    spec = reader.spec
    short = {name: spec[name] for name in ("field", "op", "value") if name in spec}
    where = reader.condition()
    if short and "where" in spec:
        reader.refuse("where", "give either 'where' or 'field', 'op' and 'value'")
    elif short:
        where = reader.compiled(short, "trigger_spec")
    cooldown_s = reader.seconds("cooldown", "0s")
    dedupe = _dedupe(reader)
    if dedupe is not None and not cooldown_s:
        reader.refuse("cooldown", "how long a dedupe_key counts: 10m, say")
    return EventTrigger(
        event_type=reader.text("event_type"),
        where=where,
        dedupe=dedupe,
        cooldown_s=cooldown_s,
        max_per_minute=reader.whole("max_per_minute", 60, MOST_PER_MINUTE),
    )


def _dedupe(reader: _Reader) -> Template | None:
    source = reader.text("dedupe_key")
    if source is None:
        return None
    issues = check_template(source, {"event": None}, "trigger_spec.dedupe_key")
    if issues:
        reader.issues += issues
        return None
    return compile_template(source, "trigger_spec.dedupe_key")


def _window(reader: _Reader) -> WindowTrigger:
    aggregation = reader.spec.get("aggregation", "count")
    if aggregation not in AGGREGATIONS:
        reader.refuse("aggregation", f"is one of {', '.join(AGGREGATIONS)}")
    field = reader.path("field")
    if field is None and aggregation not in ("count", "rate"):
        reader.refuse("field", f"which field of the events to take the {aggregation} of")
    return WindowTrigger(
        event_type=reader.text("event_type"),
        where=reader.condition(),
        field=field,
        aggregation=aggregation,
        window_s=reader.window("5m"),
        group_by=reader.path("group_by"),
        min_events=reader.whole("min_events", 1, 1_000_000),
        hold=reader.hold(),
        cooldown_s=reader.seconds("cooldown", "0s"),
        max_per_minute=reader.whole("max_per_minute", 60, MOST_PER_MINUTE),
        threshold=reader.threshold(),
    )


def _metric(reader: _Reader) -> MetricTrigger:
    metric = reader.text("field")
    if metric not in METRICS:
        reader.refuse("field", f"there is no metric {metric!r}; there are {', '.join(METRICS)}")
    window_s = reader.window("5m")
    if window_s < 60:
        reader.refuse("window", "the engine's own metrics are kept by the minute: at least 1m")
    return MetricTrigger(
        metric=metric or "",
        api=reader.text("api"),
        window_s=window_s,
        hold=reader.hold(),
        cooldown_s=reader.seconds("cooldown", "0s"),
        max_per_minute=reader.whole("max_per_minute", 60, MOST_PER_MINUTE),
        threshold=reader.threshold(),
    )


def _schedule(reader: _Reader) -> ScheduleTrigger:
    cron = reader.text("cron") or ""
    if len(cron.split()) != 5 or not croniter.is_valid(cron):
        reader.refuse(
            "cron", "write five fields (minute hour day month weekday): '0 6 * * 1-5', say"
        )
    timezone = reader.text("timezone") or "UTC"
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reader.refuse("timezone", f"there is no time zone {timezone!r}; 'Europe/Vienna', say")
    return ScheduleTrigger(cron=cron, timezone=timezone)


_COMPILE: Mapping[str, Any] = {
    "event": _event,
    "events": _window,
    "engine": _metric,
    "schedule": _schedule,
}

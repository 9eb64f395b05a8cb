"""Reads what an alert watches: a threshold on one figure, or a condition over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from engine.conditions import (
    Condition,
    Hold,
    Threshold,
    compile_condition,
    compile_threshold,
)
from engine.errors import BadRequestError, DefinitionInvalidError
from engine.metrics import Figures
from engine.metrics_window import parse_duration
from engine.model import Issue

FIGURES = tuple(field.name for field in fields(Figures))
LONGEST = timedelta(days=7)
_COMMON = frozenset({"api", "window", "hold", "clear_hold"})
_THRESHOLD = frozenset({"field", "op", "value", "clear_value"})
_CONDITION = frozenset({"condition", "clear_condition"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at the figures shows; `value` is that of the one figure that is watched."""

    is_past: bool
    is_back: bool
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTrigger:
    """What an alert watches, compiled.

    Attributes:
        api: The API whose figures are looked at, by name or id; all together when None.
        window: How far back the figures reach.
        field, threshold: One figure and its lines; or else
        condition, clear: What has to hold to fire, and to clear: that it no longer holds, if None.
        reading: The condition in words.
    """

    api: str | None
    window: timedelta
    hold: Hold
    field: str | None = None
    threshold: Threshold | None = None
    condition: Condition | None = None
    clear: Condition | None = None
    reading: str = ""

    def look(self, figures: Mapping[str, Any]) -> Sight:
        """Compare figures with the lines; a figure that cannot be told is on neither side.

        Raises:
            ConditionFailedError: The condition does not fit the figures.
        """
        if self.threshold is not None:
            value = figures.get(self.field or "")
            if value is None:
                return Sight(is_past=False, is_back=False, value=None)
            number = float(value)
            return Sight(self.threshold.is_past(number), self.threshold.is_back(number), number)
        if self.condition is None:
            raise TypeError("a trigger has a threshold or a condition")
        is_past = self.condition.fulfilled(figures)
        is_back = self.clear.fulfilled(figures) if self.clear else not is_past
        return Sight(is_past=is_past, is_back=is_back and not is_past, value=None)

    @property
    def words(self) -> str:
        """What is watched, for reading."""
        if self.threshold is not None:
            return f"{self.field} {self.threshold.op} {self.threshold.fire:g}"
        return self.reading


def compile_alert(spec: Mapping[str, Any], path: str = "spec") -> AlertTrigger:
    """Read what is watched.

    Raises:
        DefinitionInvalidError: With an issue for every mistake.
    """
    issues: list[Issue] = []
    has_condition = "condition" in spec
    allowed = _COMMON | (_CONDITION if has_condition else _THRESHOLD)
    issues += [
        _issue(f"{path}.{name}", f"there is no {name!r} here; known: {', '.join(sorted(allowed))}")
        for name in sorted(set(spec) - allowed)
    ]
    window = _length(spec, "window", "5m", path, issues)
    if window < timedelta(minutes=1) and not issues:
        issues.append(_issue(f"{path}.window", "the shortest window is 1m"))
    hold = _length(spec, "hold", "0s", path, issues)
    clear_hold = _length(spec, "clear_hold", "0s", path, issues)
    api = spec.get("api")
    if api is not None and not isinstance(api, str):
        issues.append(_issue(f"{path}.api", "the API is a name, or left out for all together"))
    compiled = _compiled(spec, path, issues, has_condition=has_condition)
    if issues:
        raise DefinitionInvalidError(issues[0].message, issues=tuple(issues))
    return AlertTrigger(
        api=api,
        window=window,
        hold=Hold(hold.total_seconds(), clear_hold.total_seconds()),
        **compiled,
    )


def in_words(condition: Any) -> str:
    """A condition for reading: `calls >= 10 and success_rate < 0.8`; expressions as they stand."""
    if isinstance(condition, str):
        return condition
    if "expression" in condition:
        return str(condition["expression"])
    if "not" in condition:
        return f"not ({in_words(condition['not'])})"
    for kind, word in (("all", " and "), ("any", " or ")):
        if kind in condition:
            parts = [in_words(part) for part in condition[kind]]
            return word.join(f"({part})" if " or " in part else part for part in parts)
    known = (condition.get(name) for name in ("field", "op", "value"))
    return " ".join(str(part) for part in known if part is not None)


def _compiled(
    spec: Mapping[str, Any], path: str, issues: list[Issue], *, has_condition: bool
) -> dict[str, Any]:
    try:
        if has_condition:
            clear = spec.get("clear_condition")
            return {
                "condition": compile_condition(
                    spec["condition"], f"{path}.condition", known=FIGURES
                ),
                "clear": compile_condition(clear, f"{path}.clear_condition", known=FIGURES)
                if clear is not None
                else None,
                "reading": in_words(spec["condition"]),
            }
        field = spec.get("field")
        if field not in FIGURES:
            issues.append(
                _issue(
                    f"{path}.field", f"there is no figure {field!r}; known: {', '.join(FIGURES)}"
                )
            )
        threshold = compile_threshold(
            spec.get("op"), spec.get("value"), spec.get("clear_value"), path
        )
    except DefinitionInvalidError as error:
        issues += error.issues
        return {}
    return {"field": field, "threshold": threshold}


def _length(
    spec: Mapping[str, Any], name: str, default: str, path: str, issues: list[Issue]
) -> timedelta:
    try:
        found = parse_duration(str(spec.get(name, default)))
    except BadRequestError as error:
        issues.append(_issue(f"{path}.{name}", f"{error.message}; write 30s, 5m, 24h or 7d"))
        return timedelta(minutes=5)
    if found > LONGEST:
        issues.append(_issue(f"{path}.{name}", "at most 7d"))
    return found


def _issue(path: str, message: str) -> Issue:
    return Issue(code="alert_invalid", message=f"{path}: {message}", path=path)

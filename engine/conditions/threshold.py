"""Thresholds that fire and clear at different values, and only when they hold for a while.

A value that dances around one line would fire without end: so it fires at one value and clears at
another (hysteresis), and may have to stay there for `hold_s`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from engine.conditions.fields import ALIASES
from engine.errors import DefinitionInvalidError
from engine.model import Issue

ThresholdOp = Literal[">", ">=", "<", "<="]
Phase = Literal["quiet", "pending", "firing"]
Change = Literal["fired", "cleared"]


@dataclass(frozen=True, slots=True)
class Hold:
    """For how long a value has to be past the threshold before it fires, and back to clear."""

    fire_s: float = 0.0
    clear_s: float = 0.0


@dataclass(frozen=True, slots=True)
class HoldState:
    """Where a threshold stands; kept between evaluations, in a store.

    Attributes:
        phase: `pending` is past the threshold, and not yet for long enough.
        since: Since when the phase lasts; while firing, since when the value has been back, if it
            is.
    """

    phase: Phase = "quiet"
    since: datetime | None = None


QUIET = HoldState()


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line that fires when crossed, and another that clears; both the same by default."""

    op: ThresholdOp
    fire: float
    clear: float

    def is_past(self, value: float) -> bool:
        """Whether a value is past the line that fires."""
        return _holds(self.op, value, self.fire)

    def is_back(self, value: float) -> bool:
        """Whether a value is back behind the line that clears."""
        return not _holds(self.op, value, self.clear)


def compile_threshold(op: Any, fire: Any, clear: Any = None, path: str = "trigger") -> Threshold:
    """A threshold by its parts; without `clear` it clears where it fires.

    Raises:
        DefinitionInvalidError: With an issue for every mistake.
    """
    op = ALIASES.get(op, op) if isinstance(op, str) else op
    mistakes: dict[str, str] = {}
    if op not in (">", ">=", "<", "<="):
        mistakes["op"] = "a threshold is one of >, >=, <, <="
    if not _is_number(fire):
        mistakes["value"] = "a threshold is a number"
    if clear is not None and not _is_number(clear):
        mistakes["clear_value"] = "a threshold is a number"
    if not mistakes and clear is not None and _is_beyond(op, clear, fire):
        side = "at most" if op in (">", ">=") else "at least"
        mistakes["clear_value"] = f"it fires at {op} {fire}, so it clears at {side} {fire}"
    if mistakes:
        raise _invalid(path, mistakes)
    return Threshold(op, float(fire), float(fire if clear is None else clear))


def advance(
    state: HoldState, at: datetime, hold: Hold, *, is_past: bool, is_back: bool
) -> tuple[HoldState, Change | None]:
    """The state after looking once more, and what changed by it.

    A value that is neither past nor back leaves things as they are, but for a hold time that has
    begun: that begins anew. So does, with both False, a moment without a value.
    """
    if state.phase == "firing":
        if not is_back:
            return HoldState("firing"), None
        since = state.since or at
        if at - since >= timedelta(seconds=hold.clear_s):
            return QUIET, "cleared"
        return HoldState("firing", since), None
    if not is_past:
        return QUIET, None
    since = (state.since if state.phase == "pending" else None) or at
    if at - since >= timedelta(seconds=hold.fire_s):
        return HoldState("firing"), "fired"
    return HoldState("pending", since), None


def _holds(op: ThresholdOp, value: float, line: float) -> bool:
    if op == ">":
        return value > line
    if op == ">=":
        return value >= line
    return value < line if op == "<" else value <= line


def _is_beyond(op: str, clear: float, fire: float) -> bool:
    return clear > fire if op in (">", ">=") else clear < fire


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _invalid(path: str, mistakes: Mapping[str, str]) -> DefinitionInvalidError:
    issues = tuple(
        Issue(
            code="condition_invalid",
            message=f"{path}.{name}: {mistake}",
            path=f"{path}.{name}",
        )
        for name, mistake in mistakes.items()
    )
    return DefinitionInvalidError(issues[0].message, issues=issues)

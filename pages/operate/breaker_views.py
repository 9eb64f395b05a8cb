"""Breakers as rows of a table and as lanes of a timeline."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd

from engine.policy_control import BreakerView, Transition
from engine.ports import BreakerSnapshot
from pages.components.colors import Color
from pages.components.result_view import counted
from pages.components.timeline import Stretch

COLUMNS = ("Breaker", "State", "Failures", "Trips", "Opened", "Tries again", "Rule", "Reason", "By")
STATE_COLORS: Mapping[str, Color] = {
    "closed": "green",
    "half-open": "orange",
    "open": "red",
    "forced open": "violet",
    "disabled": "gray",
}
LANE_COLORS = {
    "closed": "#6fbf8f",
    "half-open": "#d97706",
    "open": "#dc2626",
    "forced open": "#7c3aed",
    "disabled": "#94a3b8",
}


def state_word(snapshot: BreakerSnapshot) -> str:
    """The state in force, an operator's mode considered."""
    return _word(snapshot.state if snapshot.mode == "auto" else snapshot.mode)


def breaker_frame(views: Sequence[BreakerView]) -> pd.DataFrame:
    """One row per breaker, in the order given."""
    return pd.DataFrame([_row(view) for view in views], columns=list(COLUMNS))


def stretches(
    transitions: Sequence[Transition], *, since: datetime, until: datetime
) -> list[Stretch]:
    """What state each breaker was in, for those that changed it in the window.

    Args:
        transitions: Newest first.
    """
    by_breaker: defaultdict[str, list[Transition]] = defaultdict(list)
    for change in reversed(transitions):
        by_breaker[change.breaker].append(change)
    return [
        stretch
        for name in sorted(by_breaker)
        if by_breaker[name][-1].at >= since
        for stretch in _lane(name, by_breaker[name], since, until)
    ]


def _lane(
    name: str, changes: Sequence[Transition], since: datetime, until: datetime
) -> list[Stretch]:
    times = [since, *(change.at for change in changes), until]
    states = [changes[0].from_state, *(change.to_state for change in changes)]
    reasons = ["", *(change.reason for change in changes)]
    return [
        _stretch(name, max(start, since), end, _word(state), reason)
        for start, end, state, reason in zip(times, times[1:], states, reasons, strict=False)
        if end > since
    ]


def _stretch(name: str, start: datetime, end: datetime, state: str, reason: str) -> Stretch:
    length = end - start
    because = f"<br>{reason}" if reason else ""
    return Stretch(
        lane=name,
        start=start,
        length_ms=length / timedelta(milliseconds=1),
        meaning=state,
        hover=f"{name}: {state} from {start:%H:%M:%S} for {length.total_seconds():.1f} s{because}",
    )


def _row(view: BreakerView) -> tuple[object, ...]:
    snapshot = view.snapshot
    return (
        view.name,
        [state_word(snapshot)],
        f"{snapshot.failures} of {view.failure_threshold}",
        snapshot.trips,
        snapshot.opened_at,
        f"in {snapshot.retry_after_s:.0f} s" if snapshot.retry_after_s else "",
        _rule(view),
        snapshot.reason,
        snapshot.changed_by,
    )


def _rule(view: BreakerView) -> str:
    return f"open for {view.open_s:g} s, then {counted(view.success_threshold, 'good trial')}"


def _word(state: str) -> str:
    return state.replace("_", " ")

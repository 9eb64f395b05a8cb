"""The circuit breaker as a pure state machine: the specification of every implementation.

    closed ──(failure_threshold failures in a row)──▶ open ──(open_s passed)──▶ half-open
    half-open ──(success_threshold trial calls succeed)──▶ closed
    half-open ──(one trial call fails)──▶ open

In half-open at most `max_probes` trial calls run at once; each holds a lease, so that one whose
process was killed frees its place when the lease ends. A result that arrives after the circuit has
moved on changes nothing. An operator's mode (`forced_open`, `disabled`) overrides the states and
stops the counting. `storage/shared_state/lua/breaker.lua` is the same in Lua; times are
milliseconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from engine.model.execution import BreakerStateName
from engine.ports import (
    AttemptOutcome,
    BreakerConfig,
    BreakerEvent,
    BreakerMode,
    BreakerSnapshot,
    Permit,
)

PROBE_RETRY_MS = 1000
"""How long a caller is asked to wait, at most, while the trial calls' places are taken."""

Events = tuple[BreakerEvent, ...]


@dataclass(frozen=True, slots=True)
class BreakerState:
    """Everything a breaker remembers; `probes` maps a trial call's token to its lease's end."""

    state: BreakerStateName = "closed"
    mode: BreakerMode = "auto"
    failures: int = 0
    successes: int = 0
    trips: int = 0
    opened_ms: int = 0
    open_ms: int = 0
    probes: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    changed_by: str = ""

    @property
    def shown(self) -> BreakerStateName:
        """The state in force, an operator's mode considered."""
        if self.mode == "auto":
            return self.state
        return "open" if self.mode == "forced_open" else "closed"

    @property
    def label(self) -> str:
        """What an operator reads in events: the mode, or the state while it is automatic."""
        return self.state if self.mode == "auto" else self.mode


def admit(
    state: BreakerState, config: BreakerConfig, now_ms: int, token: str
) -> tuple[BreakerState, Permit, Events]:
    """Ask for one attempt; `token` names it, should it become a trial call."""
    if state.mode == "forced_open":
        return state, _refusal("open", state, config.open_s), ()
    if state.mode == "disabled" or state.state == "closed":
        return state, Permit(allowed=True, state="closed", failures=state.failures), ()
    events: Events = ()
    if state.state == "open":
        left_ms = state.opened_ms + milliseconds(config.open_s) - now_ms
        if left_ms > 0:
            return state, _refusal("open", state, left_ms / 1000), ()
        state, events = _move(state, config, "half-open", now_ms, "the open period is over")
    probes = {name: end for name, end in state.probes.items() if end > now_ms}
    if len(probes) >= config.max_probes:
        wait_ms = min(PROBE_RETRY_MS, min(probes.values()) - now_ms)
        refused = _refusal("half-open", state, wait_ms / 1000)
        return replace(state, probes=probes), refused, events
    probes[token] = now_ms + milliseconds(config.lease_s)
    permit = Permit(allowed=True, state="half-open", failures=state.failures, token=token)
    return replace(state, probes=probes), permit, events


def record(
    state: BreakerState,
    config: BreakerConfig,
    permit: Permit,
    outcome: AttemptOutcome,
    now_ms: int,
) -> tuple[BreakerState, Events]:
    """Report what an admitted attempt came to; `neutral` only gives a trial call's place back."""
    if permit.state == "half-open":
        return _record_probe(state, config, permit, outcome, now_ms)
    if state.mode != "auto" or state.state != "closed" or not permit.allowed:
        return state, ()
    if outcome == "success":
        return (replace(state, failures=0) if state.failures else state), ()
    if outcome == "neutral":
        return state, ()
    state = replace(state, failures=state.failures + 1)
    if state.failures < config.failure_threshold:
        return state, ()
    return _move(state, config, "open", now_ms, f"{state.failures} failures in a row")


def _record_probe(
    state: BreakerState,
    config: BreakerConfig,
    permit: Permit,
    outcome: AttemptOutcome,
    now_ms: int,
) -> tuple[BreakerState, Events]:
    if permit.token is None or permit.token not in state.probes:
        return state, ()
    probes = {name: end for name, end in state.probes.items() if name != permit.token}
    state = replace(state, probes=probes)
    if state.mode != "auto" or state.state != "half-open" or outcome == "neutral":
        return state, ()
    if outcome == "failure":
        return _move(state, config, "open", now_ms, "a trial call failed")
    state = replace(state, successes=state.successes + 1)
    if state.successes < config.success_threshold:
        return state, ()
    return _move(state, config, "closed", now_ms, f"{state.successes} trial calls succeeded")


def set_mode(
    state: BreakerState, key: str, mode: BreakerMode, now_ms: int, *, reason: str, by: str
) -> tuple[BreakerState, Events]:
    """Apply an operator's mode; `auto` also closes the circuit and forgets its counts."""
    changed = replace(state, mode=mode, reason=reason, changed_by=by)
    if mode == "auto":
        changed = replace(changed, state="closed", failures=0, successes=0, probes={})
    return changed, (_event(key, state.label, changed.label, now_ms, reason, by),)


def snapshot(state: BreakerState, key: str, now_ms: int) -> BreakerSnapshot:
    """A breaker as an operator sees it at `now_ms`."""
    is_open = state.shown == "open"
    left_ms = max(0, state.opened_ms + state.open_ms - now_ms) if state.mode == "auto" else 0
    return BreakerSnapshot(
        key=key,
        state=state.shown,
        mode=state.mode,
        failures=state.failures,
        successes=state.successes,
        trips=state.trips,
        probes=sum(end > now_ms for end in state.probes.values()),
        opened_at=utc(state.opened_ms) if state.opened_ms else None,
        retry_after_s=left_ms / 1000 if is_open else 0.0,
        reason=state.reason,
        changed_by=state.changed_by,
    )


def milliseconds(seconds: float) -> int:
    """Seconds as whole milliseconds."""
    return round(seconds * 1000)


def utc(at_ms: int) -> datetime:
    """Milliseconds since 1970 as a time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _move(
    state: BreakerState, config: BreakerConfig, to: BreakerStateName, now_ms: int, reason: str
) -> tuple[BreakerState, Events]:
    moved = replace(state, state=to, successes=0, probes={}, reason=reason, changed_by="")
    if to == "open":
        moved = replace(
            moved,
            opened_ms=now_ms,
            open_ms=milliseconds(config.open_s),
            trips=state.trips + 1,
        )
    if to == "closed":
        moved = replace(moved, failures=0)
    return moved, (_event(config.key, state.label, to, now_ms, reason, ""),)


def _refusal(name: BreakerStateName, state: BreakerState, retry_after_s: float) -> Permit:
    return Permit(allowed=False, state=name, failures=state.failures, retry_after_s=retry_after_s)


def _event(
    key: str, from_state: str, to_state: str, at_ms: int, reason: str, by: str
) -> BreakerEvent:
    return BreakerEvent(key, from_state, to_state, utc(at_ms), reason, by)

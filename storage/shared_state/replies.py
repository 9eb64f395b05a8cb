"""Redis' replies as the values of the port."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from engine import breaker_rules
from engine.breaker_rules import BreakerState
from engine.model.execution import BreakerStateName
from engine.ports import (
    BreakerEvent,
    BreakerMode,
    CachedEntry,
    LimitRule,
    LimitUse,
    Permit,
)

_STATES: Mapping[bytes, BreakerStateName] = {
    b"closed": "closed",
    b"open": "open",
    b"half-open": "half-open",
}
_MODES: Mapping[bytes, BreakerMode] = {
    b"auto": "auto",
    b"forced_open": "forced_open",
    b"disabled": "disabled",
}


def state_name(reply: bytes) -> BreakerStateName:
    """The name of a breaker's state."""
    return _STATES[reply]


def limit_uses(rules: Sequence[LimitRule], reply: Sequence[int]) -> tuple[LimitUse, ...]:
    """Uses from `used, reset_ms` per rule."""
    return tuple(
        LimitUse(
            level=rule.level,
            limit=rule.limit,
            remaining=max(0, rule.limit - used),
            reset_s=reset_ms / 1000,
        )
        for rule, used, reset_ms in zip(rules, reply[::2], reply[1::2], strict=True)
    )


def cached_entry(reply: Sequence[Any] | None) -> CachedEntry | None:
    """An entry from `value, age_ms, fresh`, or nothing."""
    if reply is None:
        return None
    value, age_ms, fresh = reply
    return CachedEntry(value, age_ms / 1000, fresh == 1)


def permit(reply: Sequence[Any], token: str) -> Permit:
    """A permit from `allowed, state, failures, retry_ms, holds a lease`."""
    allowed, state, failures, retry_ms, leased = reply
    return Permit(
        allowed=allowed == 1,
        state=state_name(state),
        failures=failures,
        retry_after_s=retry_ms / 1000,
        token=token if leased else None,
    )


def breaker_state(fields: Mapping[bytes, bytes], probes: Sequence[bytes]) -> BreakerState:
    """A breaker from its hash and its trial calls as `token, end of its lease` in turn."""
    return BreakerState(
        state=_STATES[fields.get(b"state", b"closed")],
        mode=_MODES[fields.get(b"mode", b"auto")],
        failures=int(fields.get(b"failures", 0)),
        successes=int(fields.get(b"successes", 0)),
        trips=int(fields.get(b"trips", 0)),
        opened_ms=int(fields.get(b"opened_ms", 0)),
        open_ms=int(fields.get(b"open_ms", 0)),
        probes={
            token.decode(): int(end) for token, end in zip(probes[::2], probes[1::2], strict=True)
        },
        reason=fields.get(b"reason", b"").decode(),
        changed_by=fields.get(b"changed_by", b"").decode(),
    )


def breaker_event(reply: bytes) -> BreakerEvent:
    """An event as the scripts write it."""
    event = orjson.loads(reply)
    return BreakerEvent(
        key=event["key"],
        from_state=event["from_state"],
        to_state=event["to_state"],
        at=breaker_rules.utc(event["at_ms"]),
        reason=event["reason"],
        by=event["by"],
    )

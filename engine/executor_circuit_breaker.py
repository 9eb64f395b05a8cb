"""The circuit breaker's shell: whose breaker a call uses, what trips it, and its operators' view.

The state machine itself is `breaker_rules`; it runs inside the shared state, atomically.
"""

from urllib.parse import urlsplit

import orjson

from engine.errors import BadRequestError, DeadlineExceededError, EngineError, NotFoundError
from engine.model import ApiDefinition, Caller
from engine.model.keys import key_of_tenant, tenant_key
from engine.ports import (
    AttemptOutcome,
    BreakerConfig,
    BreakerEvent,
    BreakerMode,
    BreakerSnapshot,
    SharedState,
)

_ALL_EVENTS = 10_000

LEASE_MARGIN_S = 1.0
"""A trial call's lease outlives its timeout by this, for the way there and back."""


def outcome_of(error: EngineError | None, *, cut_short: bool = False) -> AttemptOutcome:
    """What an attempt says of its target.

    The target's own faults are failures; what the caller or the author did wrong is neutral.

    Args:
        error: None for success.
        cut_short: The attempt had less time than the API's own timeout, because the caller's
            budget was nearly spent: running out of it says nothing of the target.
    """
    if error is None:
        return "success"
    if cut_short and isinstance(error, DeadlineExceededError):
        return "neutral"
    return "failure" if error.trips_breaker else "neutral"


class CircuitBreakerManager:
    """Breakers by API, for the pipeline and for operators; operators see their tenant's only."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared

    def config_for(self, api: ApiDefinition, timeout_s: float) -> BreakerConfig | None:
        """The breaker that guards attempts of `timeout_s`; None when the policy has none."""
        breaker = api.runtime_policy.circuit_breaker
        if not breaker.enabled:
            return None
        return BreakerConfig(
            key=breaker_key(api),
            failure_threshold=breaker.failure_threshold,
            success_threshold=breaker.success_threshold,
            open_s=breaker.timeout_seconds,
            lease_s=timeout_s + LEASE_MARGIN_S,
        )

    def snapshot(self, api: ApiDefinition) -> BreakerSnapshot:
        """The state of the breaker that guards `api`."""
        return self._shared.breaker(breaker_key(api))

    def snapshots(self, caller: Caller) -> tuple[BreakerSnapshot, ...]:
        """Every breaker of the caller's tenant that something was recorded of."""
        return tuple(
            breaker
            for breaker in self._shared.breakers()
            if key_of_tenant(breaker.key) == caller.tenant_id
        )

    def force(
        self, key: str, mode: BreakerMode, caller: Caller, *, reason: str = ""
    ) -> BreakerSnapshot:
        """Force a breaker open, disable it, or give it back with `auto` (closed, counts at 0).

        Raises:
            BadRequestError: Without a reason for taking a breaker out of its automatic mode.
            NotFoundError: The breaker is another tenant's.
        """
        self._require_own(key, caller)
        if mode != "auto" and not reason.strip():
            raise BadRequestError(f"setting a breaker to {mode} needs a reason")
        return self._shared.set_breaker(key, mode, reason=reason.strip(), by=caller.subject)

    def reset(self, key: str, caller: Caller, *, reason: str = "") -> BreakerSnapshot:
        """Close a breaker, forget its counts and let it work by itself again."""
        return self.force(key, "auto", caller, reason=reason)

    def history(
        self, caller: Caller, *, key: str | None = None, limit: int = 100
    ) -> tuple[BreakerEvent, ...]:
        """The latest transitions of one breaker, or of all of the caller's tenant; newest first."""
        if key is not None:
            self._require_own(key, caller)
            return self._shared.breaker_events(key, limit)
        events = self._shared.breaker_events(None, _ALL_EVENTS)
        own = [event for event in events if key_of_tenant(event.key) == caller.tenant_id]
        return tuple(own[:limit])

    def _require_own(self, key: str, caller: Caller) -> None:
        if key_of_tenant(key) != caller.tenant_id:
            raise NotFoundError(f"there is no breaker {key!r}")


def breaker_key(api: ApiDefinition) -> str:
    """The breaker of the API itself, or without isolation the one its target's APIs share."""
    if api.runtime_policy.circuit_breaker.per_api_isolation:
        return tenant_key(api.tenant_id, "api", str(api.id))
    return tenant_key(api.tenant_id, "target", target_of(api))


def target_of(api: ApiDefinition) -> str:
    """What an API depends on: its connection, its host, or the engine's own executor."""
    if api.logic_type == "sql":
        return f"connection:{api.connection or 'sample'}"
    if api.logic_type == "http":
        return f"host:{_host_of(api.logic_body)}"
    return api.logic_type


def _host_of(logic_body: str) -> str:
    """The host of a request spec's URL; a templated one stays as its author wrote it."""
    try:
        spec = orjson.loads(logic_body)
        url = spec["url"] if isinstance(spec, dict) else ""
        return urlsplit(str(url)).netloc.rpartition("@")[2].lower() or "unknown"
    except (orjson.JSONDecodeError, KeyError, ValueError):
        return "unknown"

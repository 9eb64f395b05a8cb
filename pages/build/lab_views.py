"""A lab run as rows of a table and as lanes of a timeline."""

from collections.abc import Iterator, Sequence

import pandas as pd

from engine.model import ApiDefinition, ExecutionResult, TraceStage
from pages.components.result_view import cache_word, duration
from pages.components.timeline import Stretch

COLUMNS = (
    "Call",
    "Outcome",
    "Breaker",
    "Attempts",
    "Waited",
    "Took",
    "Cache",
    "Calls left",
    "Error",
)
LANE_COLORS = {
    "policies": "#94a3b8",
    "attempt that failed": "#dc2626",
    "attempt": "#16a34a",
    "wait before a retry": "#d97706",
}
_LEAST_MS = 0.05


def lab_frame(results: Sequence[ExecutionResult]) -> pd.DataFrame:
    """One row per call, in order."""
    rows = [_row(number, result) for number, result in enumerate(results, 1)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def lab_stretches(results: Sequence[ExecutionResult]) -> list[Stretch]:
    """What each call spent its time on; every lane begins at 0 ms."""
    return [
        stretch
        for number, result in enumerate(results, 1)
        for stretch in _lane(f"{number} · {result.status}", result.trace)
    ]


def policy_line(api: ApiDefinition) -> str:
    """What governs the API in a line."""
    policy = api.runtime_policy
    breaker, rates = policy.circuit_breaker, policy.rate_limit
    limits = [f"{rate} {name}" for name, rate in _named(rates) if rate]
    parts = [
        f"timeout {policy.timeout_seconds:g} s" if policy.timeout_seconds else "default timeout",
        f"{policy.max_retries} retries",
        f"breaker opens after {breaker.failure_threshold}" if breaker.enabled else "no breaker",
        f"cached {policy.cache.ttl_seconds:g} s" if policy.cache.enabled else "no cache",
        ", ".join(limits) or "no rate limit",
    ]
    return " · ".join(parts)


def _named(rates: object) -> Iterator[tuple[str, object]]:
    for name in ("per_api", "per_user", "per_tenant"):
        yield name.replace("_", " "), getattr(rates, name)


def _row(number: int, result: ExecutionResult) -> tuple[object, ...]:
    waited_ms = sum(s.duration_ms for s in result.trace if s.verdict == "waited")
    left = result.headers.get("RateLimit-Remaining")
    return (
        number,
        [result.status],
        [result.circuit_breaker_state],
        result.attempts,
        duration(waited_ms) if waited_ms else "",
        duration(result.duration_ms),
        cache_word(result),
        int(left) if left is not None else None,
        result.error.message if result.error else "",
    )


def _lane(lane: str, trace: Sequence[TraceStage]) -> Iterator[Stretch]:
    at_ms = 0.0
    for stage in trace:
        yield Stretch(
            lane=lane,
            start=at_ms,
            length_ms=max(stage.duration_ms, _LEAST_MS),
            meaning=_meaning(stage),
            hover=f"{stage.stage} {stage.verdict} · {duration(stage.duration_ms)}",
        )
        at_ms += stage.duration_ms


def _meaning(stage: TraceStage) -> str:
    if stage.stage == "attempt":
        return "attempt that failed" if stage.verdict == "failed" else "attempt"
    return "wait before a retry" if stage.stage == "backoff" else "policies"

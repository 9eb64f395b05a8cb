"""What executions come to: counters and durations that can be added together without loss."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.model.execution import ExecutionRecord, ExecutionStatus
from engine.model.latency import Latency

BOUNDS_MS = (5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0, 30_000.0)
"""Upper bounds of `Tally.buckets`, but for the last, which has none."""

COUNTERS = (
    "calls",
    "success",
    "fail",
    "timeout",
    "rejected",
    "cached",
    "cache_lookups",
    "retries",
    "breaker_trips",
    "rate_limited",
)
"""The fields of a `Tally` that are plain sums."""

_LIMITED = frozenset({"rate_limited", "concurrency_limited"})


class Measure(NamedTuple):
    """What one execution adds to each tally it belongs to.

    `duration_ms` is None for a rejected call: it was refused, so its speed says nothing.
    """

    status: ExecutionStatus
    duration_ms: float | None
    bucket: int
    cached: bool
    looked_up: bool
    retries: int
    tripped: bool
    limited: bool
    at: datetime
    id: UUID

    @classmethod
    def of(cls, record: ExecutionRecord) -> Measure:
        """The measure of a log record."""
        ran = record.status != "rejected"
        return cls(
            status=record.status,
            duration_ms=record.duration_ms if ran else None,
            bucket=bisect_left(BOUNDS_MS, record.duration_ms),
            cached=record.cached,
            looked_up=record.cached or _missed_cache(record.metadata.get("trace")),
            retries=max(0, record.attempts - 1),
            tripped=record.metadata.get("breaker_tripped") is True,
            limited=record.error_type in _LIMITED,
            at=record.created_at,
            id=record.id,
        )


@dataclass(slots=True)
class Tally:
    """Sums over some executions; adding tallies gives the tally of all of them.

    Attributes:
        cached, cache_lookups: Answers from the cache, and calls that looked for one.
        retries: Attempts after the first.
        breaker_trips: Calls that opened the circuit.
        rate_limited: Calls refused by a rate or concurrency limit.
        total_ms, min_ms, max_ms, latency, buckets: Durations of the calls that were not rejected.
        last_at, last_id: The newest execution.
    """

    calls: int = 0
    success: int = 0
    fail: int = 0
    timeout: int = 0
    rejected: int = 0
    cached: int = 0
    cache_lookups: int = 0
    retries: int = 0
    breaker_trips: int = 0
    rate_limited: int = 0
    total_ms: float = 0.0
    min_ms: float | None = None
    max_ms: float | None = None
    last_at: datetime | None = None
    last_id: UUID | None = None
    latency: Latency = field(default_factory=Latency)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))

    def add(self, one: Measure) -> None:
        """Count one execution."""
        self.calls += 1
        if one.status == "success":
            self.success += 1
        else:
            self._add_failure(one)
        if one.looked_up:
            self.cache_lookups += 1
            self.cached += one.cached
        if one.retries:
            self.retries += one.retries
        if one.tripped:
            self.breaker_trips += 1
        if one.duration_ms is not None:
            self._add_duration(one.duration_ms, one.bucket)
        if self.last_at is None or one.at >= self.last_at:
            self.last_at, self.last_id = one.at, one.id

    def merge(self, other: Tally) -> None:
        """Count everything that `other` counted."""
        self.calls += other.calls
        self.success += other.success
        self.fail += other.fail
        self.timeout += other.timeout
        self.rejected += other.rejected
        self.cached += other.cached
        self.cache_lookups += other.cache_lookups
        self.retries += other.retries
        self.breaker_trips += other.breaker_trips
        self.rate_limited += other.rate_limited
        self.total_ms += other.total_ms
        self.min_ms = _least(self.min_ms, other.min_ms)
        self.max_ms = _greatest(self.max_ms, other.max_ms)
        self.latency.merge(other.latency)
        self.buckets = [mine + its for mine, its in zip(self.buckets, other.buckets, strict=True)]
        if other.last_at and (self.last_at is None or other.last_at >= self.last_at):
            self.last_at, self.last_id = other.last_at, other.last_id

    @property
    def ran(self) -> int:
        """Calls that were not rejected."""
        return self.calls - self.rejected

    @property
    def success_rate(self) -> float | None:
        """The share of the calls that ran and succeeded; None when none ran."""
        return self.success / self.ran if self.ran else None

    @property
    def cache_hit_rate(self) -> float | None:
        """The share of look-ups that found an answer; None when nothing was looked up."""
        return self.cached / self.cache_lookups if self.cache_lookups else None

    @property
    def mean_ms(self) -> float | None:
        """The mean duration of the calls that ran; None when none ran."""
        return self.total_ms / self.ran if self.ran else None

    def _add_failure(self, one: Measure) -> None:
        if one.status == "fail":
            self.fail += 1
        elif one.status == "timeout":
            self.timeout += 1
        else:
            self.rejected += 1
        self.rate_limited += one.limited

    def _add_duration(self, duration_ms: float, bucket: int) -> None:
        self.total_ms += duration_ms
        self.min_ms = _least(self.min_ms, duration_ms)
        self.max_ms = _greatest(self.max_ms, duration_ms)
        self.buckets[bucket] += 1
        self.latency.add(duration_ms)


def _missed_cache(trace: Any) -> bool:
    """Whether a policy trace, as the log keeps it, tells of a look-up in the cache."""
    if not isinstance(trace, list | tuple):
        return False
    return any(isinstance(stage, dict) and stage.get("stage") == "cache" for stage in trace)


def _least(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else min(a, b)


def _greatest(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else max(a, b)

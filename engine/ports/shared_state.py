"""State shared by processes: limits, breakers, cached answers and leases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from engine.model.execution import BreakerStateName

LimitLevel = Literal["per_api", "per_user", "per_tenant", "per_key"]

BreakerMode = Literal["auto", "forced_open", "disabled"]


@dataclass(frozen=True)
class LimitRule:
    """A sliding window: at most `limit` calls of `key` in any `window_s` seconds."""

    level: LimitLevel
    key: str
    limit: int
    window_s: float


@dataclass(frozen=True)
class LimitUse:
    """How much of a limit is used: what remains, and when the window has room again."""

    level: LimitLevel
    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True)
class BreakerConfig:
    """One breaker and the thresholds it works by; times in seconds."""

    key: str
    failure_threshold: int = 5
    success_threshold: int = 2
    open_s: float = 60.0
    lease_s: float = 6.0
    max_probes: int = 1


@dataclass(frozen=True)
class Permit:
    """A breaker's answer to one attempt; `token` identifies a half-open probe."""

    allowed: bool
    state: BreakerStateName
    failures: int = 0
    retry_after_s: float = 0.0
    token: str | None = None


@dataclass(frozen=True)
class CachedEntry:
    """A stored answer: fresh, or stale but inside its grace periods."""

    value: bytes
    age_s: float
    fresh: bool


@dataclass(frozen=True)
class CacheKey:
    """Where an answer is kept and the tags whose invalidation drops it."""

    key: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Admission:
    """All that is asked of the shared state before the target is touched, in one trip.

    All limits admit or none is counted. With a fresh cache entry no breaker permit is taken.
    """

    limits: tuple[LimitRule, ...] = ()
    cache: CacheKey | None = None
    breaker: BreakerConfig | None = None


@dataclass(frozen=True)
class Admitted:
    """The answer to an `Admission`.

    `refused` is the limit that refused; then nothing else was asked. `generations` are the tags'
    at look-up, to be given back in `CacheWrite`.
    """

    limits: tuple[LimitUse, ...] = ()
    refused: LimitUse | None = None
    entry: CachedEntry | None = None
    generations: str = ""
    permit: Permit | None = None


@dataclass(frozen=True)
class CacheWrite:
    """An answer to store, unless a tag was invalidated since `generations` were read.

    The entry is fresh for `fresh_s` and kept for `keep_s` (fresh plus the grace periods).
    """

    cache: CacheKey
    value: bytes
    fresh_s: float
    keep_s: float
    generations: str


AttemptOutcome = Literal["success", "failure", "neutral"]


@dataclass(frozen=True)
class Settlement:
    """What an attempt came to: the breaker's share and the cache's, in one trip."""

    breaker: BreakerConfig | None = None
    permit: Permit | None = None
    outcome: AttemptOutcome = "neutral"
    write: CacheWrite | None = None


@dataclass(frozen=True)
class Settled:
    """The breaker's state after a settlement, and whether it was this one that changed it."""

    state: BreakerStateName = "closed"
    changed: bool = False


@dataclass(frozen=True)
class BreakerSnapshot:
    """A breaker as an operator sees it; times are UTC."""

    key: str
    state: BreakerStateName = "closed"
    mode: BreakerMode = "auto"
    failures: int = 0
    successes: int = 0
    trips: int = 0
    probes: int = 0
    opened_at: datetime | None = None
    retry_after_s: float = 0.0
    reason: str = ""
    changed_by: str = ""


@dataclass(frozen=True)
class BreakerEvent:
    """One transition of a breaker."""

    key: str
    from_state: str
    to_state: str
    at: datetime
    reason: str = ""
    by: str = ""


@dataclass(frozen=True)
class CacheStats:
    """Counters since the start of this process, items in its memory, and the backend in force."""

    backend: str
    hits: int = 0
    misses: int = 0
    stale: int = 0
    stores: int = 0
    memory_items: int = 0
    memory_bytes: int = 0
    hit_rate: float = 0.0


class SharedState(Protocol):
    """Limits, breakers, cache and locks that hold across processes (or in one, in memory).

    Calls never raise because the backend is away: the fallback answers and `backend` says so.
    """

    @property
    def backend(self) -> str:
        """`memory`, `redis`, or `memory (redis unavailable)`."""
        ...

    def admit(self, admission: Admission) -> Admitted:
        """Count limits, look up the cache, ask the breaker; one trip."""
        ...

    def permit(self, breaker: BreakerConfig) -> Permit:
        """Ask the breaker for one more attempt."""
        ...

    def settle(self, settlement: Settlement) -> Settled:
        """Report an attempt and store its answer; one trip."""
        ...

    def peek(self, cache: CacheKey) -> CachedEntry | None:
        """Look up the cache alone, uncounted, for one who waits for somebody to store it."""
        ...

    def lock(self, key: str, ttl_s: float) -> str | None:
        """Take a lease on `key`; None while another holds it. The lease ends by itself."""
        ...

    def unlock(self, key: str, token: str) -> None:
        """Give a lease back; without effect when it has ended."""
        ...

    def enter(self, key: str, limit: int, lease_s: float) -> str | None:
        """Take one of `limit` places of a concurrency limit; None while all are taken."""
        ...

    def leave(self, key: str, token: str) -> None:
        """Give a place back."""
        ...

    def usage(self, rules: Sequence[LimitRule]) -> tuple[LimitUse, ...]:
        """How much of each limit is used now, counting nothing."""
        ...

    def limit_keys(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Keys of limits that begin with `prefix` and count something, at most `limit`."""
        ...

    def invalidate(self, tags: Sequence[str]) -> int:
        """Make every cached answer with one of `tags` a miss, in every process; how many tags."""
        ...

    def cache_keys(self, tag: str, limit: int) -> tuple[str, ...]:
        """Keys stored under `tag` that are still valid, at most `limit`."""
        ...

    def breaker(self, key: str) -> BreakerSnapshot:
        """A breaker's state; a closed one where nothing was recorded."""
        ...

    def breakers(self) -> tuple[BreakerSnapshot, ...]:
        """Every breaker something was recorded of."""
        ...

    def set_breaker(self, key: str, mode: BreakerMode, *, reason: str, by: str) -> BreakerSnapshot:
        """Force a breaker open, disable it, or give it back (`auto` also resets it to closed)."""
        ...

    def breaker_events(self, key: str | None, limit: int) -> tuple[BreakerEvent, ...]:
        """The latest transitions, newest first."""
        ...

    def cache_stats(self) -> CacheStats:
        """Counters of the cache."""
        ...

    def ping(self) -> None:
        """Raise StoreUnavailableError while the backend is not the configured one."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...

"""Redis while it answers, the memory of this process while it does not."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from typing import TypeVar

from engine.errors import StoreUnavailableError
from engine.ports import (
    Admission,
    Admitted,
    BreakerConfig,
    BreakerEvent,
    BreakerMode,
    BreakerSnapshot,
    CachedEntry,
    CacheKey,
    CacheStats,
    LimitRule,
    LimitUse,
    Permit,
    Settled,
    Settlement,
    SharedState,
)
from storage.shared_state.memory import MemorySharedState
from storage.shared_state.redis import RedisSharedState

logger = logging.getLogger(__name__)

COOLDOWN_S = 5.0
"""How long Redis is left alone after it failed."""

T = TypeVar("T")


class FallbackSharedState:
    """Redis, and memory from its first failure until it answers again; no call fails for it.

    After the cooldown one call tries Redis while the others stay with memory. Before they all
    return, what this process invalidated and what operators set on breakers meanwhile is made up
    for in Redis, and the memory is dropped. While Redis is away limits, breakers and cache are each
    process's own.
    """

    def __init__(
        self,
        shared: RedisSharedState,
        memory: MemorySharedState,
        *,
        cooldown_s: float = COOLDOWN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._memory = memory
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._lock = Lock()
        self._trial = Lock()
        self._away = False
        self._try_at = 0.0
        self._owed_tags: set[str] = set()
        self._owed_modes: dict[str, tuple[BreakerMode, str, str]] = {}

    @property
    def backend(self) -> str:
        """`redis`, or `memory (redis unavailable)`."""
        return "memory (redis unavailable)" if self._away else self._shared.backend

    def admit(self, admission: Admission) -> Admitted:
        """Count limits, look up the cache, ask the breaker."""
        return self._run(lambda state: state.admit(admission))

    def permit(self, breaker: BreakerConfig) -> Permit:
        """Ask the breaker for one more attempt."""
        return self._run(lambda state: state.permit(breaker))

    def settle(self, settlement: Settlement) -> Settled:
        """Report an attempt and store its answer."""
        return self._run(lambda state: state.settle(settlement))

    def peek(self, cache: CacheKey) -> CachedEntry | None:
        """Look up the cache alone, uncounted."""
        return self._run(lambda state: state.peek(cache))

    def lock(self, key: str, ttl_s: float) -> str | None:
        """Take a lease on `key`."""
        return self._run(lambda state: state.lock(key, ttl_s))

    def unlock(self, key: str, token: str) -> None:
        """Give a lease back."""
        self._run(lambda state: state.unlock(key, token))

    def enter(self, key: str, limit: int, lease_s: float) -> str | None:
        """Take one of `limit` places."""
        return self._run(lambda state: state.enter(key, limit, lease_s))

    def leave(self, key: str, token: str) -> None:
        """Give a place back."""
        self._run(lambda state: state.leave(key, token))

    def usage(self, rules: Sequence[LimitRule]) -> tuple[LimitUse, ...]:
        """How much of each limit is used now."""
        return self._run(lambda state: state.usage(rules))

    def limit_keys(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Keys of limits that begin with `prefix` and count something."""
        return self._run(lambda state: state.limit_keys(prefix, limit))

    def invalidate(self, tags: Sequence[str]) -> int:
        """Make answers with one of `tags` a miss, in Redis at the latest when it is back."""
        return self._run_or_owe(
            lambda state: state.invalidate(tags), lambda: self._owed_tags.update(tags)
        )

    def cache_keys(self, tag: str, limit: int) -> tuple[str, ...]:
        """Keys of valid answers under `tag`."""
        return self._run(lambda state: state.cache_keys(tag, limit))

    def breaker(self, key: str) -> BreakerSnapshot:
        """A breaker's state."""
        return self._run(lambda state: state.breaker(key))

    def breakers(self) -> tuple[BreakerSnapshot, ...]:
        """Every breaker something was recorded of."""
        return self._run(lambda state: state.breakers())

    def set_breaker(self, key: str, mode: BreakerMode, *, reason: str, by: str) -> BreakerSnapshot:
        """Set a breaker's mode, in Redis at the latest when it is back."""
        return self._run_or_owe(
            lambda state: state.set_breaker(key, mode, reason=reason, by=by),
            lambda: self._owed_modes.update({key: (mode, reason, by)}),
        )

    def breaker_events(self, key: str | None, limit: int) -> tuple[BreakerEvent, ...]:
        """The latest transitions, newest first."""
        return self._run(lambda state: state.breaker_events(key, limit))

    def cache_stats(self) -> CacheStats:
        """Counters of this process over both backends."""
        shared, memory = self._shared.cache_stats(), self._memory.cache_stats()
        hits, misses = shared.hits + memory.hits, shared.misses + memory.misses
        stale = shared.stale + memory.stale
        looked_up = hits + misses + stale
        return replace(
            memory,
            backend=self.backend,
            hits=hits,
            misses=misses,
            stale=stale,
            stores=shared.stores + memory.stores,
            hit_rate=round(hits / looked_up, 4) if looked_up else 0.0,
        )

    def ping(self) -> None:
        """Raise StoreUnavailableError while Redis is away."""
        if not self._is_shared():
            raise StoreUnavailableError("Redis is away; limits, breakers and cache are in memory")
        try:
            self._shared.ping()
        except StoreUnavailableError as error:
            self._leave(error)
            raise

    def close(self) -> None:
        """Release connections."""
        self._shared.close()

    def _run(self, call: Callable[[SharedState], T]) -> T:
        if self._is_shared():
            try:
                return call(self._shared)
            except StoreUnavailableError as error:
                self._leave(error)
        return call(self._memory)

    def _run_or_owe(self, call: Callable[[SharedState], T], owe: Callable[[], object]) -> T:
        """Run in Redis, or in memory with a note of what Redis has missed."""
        while True:
            if self._is_shared():
                try:
                    return call(self._shared)
                except StoreUnavailableError as error:
                    self._leave(error)
            with self._lock:
                if self._away:
                    owe()
                    break
        return call(self._memory)

    def _is_shared(self) -> bool:
        if not self._is_away():
            return True
        if self._clock() < self._try_at or not self._trial.acquire(blocking=False):
            return False
        try:
            return not self._is_away() or self._return()
        finally:
            self._trial.release()

    def _is_away(self) -> bool:
        return self._away

    def _leave(self, error: StoreUnavailableError) -> None:
        with self._lock:
            self._try_at = self._clock() + self._cooldown_s
            if self._away:
                return
            self._away = True
        logger.warning("%s; limits, breakers and cache are in memory meanwhile", error.message)

    def _return(self) -> bool:
        """Make up for what Redis missed and go back to it; False when it is still away."""
        try:
            self._shared.ping()
            while self._owes():
                self._make_up()
        except StoreUnavailableError:
            with self._lock:
                self._try_at = self._clock() + self._cooldown_s
            return False
        self._memory.clear()
        logger.warning("Redis is back; limits, breakers and cache are shared again")
        return True

    def _owes(self) -> bool:
        """Whether Redis has missed something; if not, this moment is the return to it."""
        with self._lock:
            self._away = bool(self._owed_tags or self._owed_modes)
            return self._away

    def _make_up(self) -> None:
        with self._lock:
            tags, self._owed_tags = self._owed_tags, set()
            modes, self._owed_modes = self._owed_modes, {}
        try:
            self._shared.invalidate(tuple(tags))
            for key, (mode, reason, by) in modes.items():
                self._shared.set_breaker(key, mode, reason=reason, by=by)
        except StoreUnavailableError:
            with self._lock:
                self._owed_tags |= tags
                self._owed_modes = modes | self._owed_modes
            raise

"""Shared state of a single process: the same rules as in Redis, under one lock."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from threading import Lock

from engine import breaker_rules, window_rules
from engine.breaker_rules import BreakerState, milliseconds
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
)
from engine.window_rules import Window
from storage.shared_state.counters import CacheCounters
from storage.shared_state.memory_cache import MemoryCache

MAX_EVENTS = 1000
_SWEEP_EVERY = 4096


@dataclass(frozen=True, slots=True)
class _Counted:
    window: Window
    window_ms: int


def steady_utc() -> Callable[[], float]:
    """A clock in seconds since 1970 that never jumps, even when the machine's is set."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


class MemorySharedState:
    """Limits, breakers, cache and leases of one process; every call is atomic."""

    def __init__(self, *, cache_bytes: int, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or steady_utc()
        self._lock = Lock()
        self._windows: dict[str, _Counted] = {}
        self._breakers: dict[str, BreakerState] = {}
        self._events: deque[BreakerEvent] = deque(maxlen=MAX_EVENTS)
        self._leases: dict[str, dict[str, int]] = {}
        self._cache = MemoryCache(cache_bytes)
        self._counters = CacheCounters()
        self._counted = 0

    @property
    def backend(self) -> str:
        """Always `memory`."""
        return "memory"

    def admit(self, admission: Admission) -> Admitted:
        """Count limits, look up the cache, ask the breaker."""
        with self._lock:
            now_ms = self._now_ms()
            uses, refused = self._count(admission.limits, now_ms)
            if refused:
                return Admitted(limits=uses, refused=refused)
            entry, generations = None, ""
            if admission.cache:
                entry = self._cache.look_up(admission.cache, now_ms)
                generations = self._cache.generations(admission.cache.tags)
                self._counters.note_look_up(entry)
            permit = None
            if admission.breaker and not (entry and entry.fresh):
                permit = self._permit(admission.breaker, now_ms)
            return Admitted(limits=uses, entry=entry, generations=generations, permit=permit)

    def permit(self, breaker: BreakerConfig) -> Permit:
        """Ask the breaker for one more attempt."""
        with self._lock:
            return self._permit(breaker, self._now_ms())

    def settle(self, settlement: Settlement) -> Settled:
        """Report an attempt and store its answer."""
        with self._lock:
            now_ms = self._now_ms()
            if settlement.write and self._cache.store(settlement.write, now_ms):
                self._counters.note_store()
            if settlement.breaker is None:
                return Settled()
            state = self._state(settlement.breaker.key)
            if settlement.permit is None:
                return Settled(state.shown)
            after, events = breaker_rules.record(
                state, settlement.breaker, settlement.permit, settlement.outcome, now_ms
            )
            self._keep(settlement.breaker.key, state, after, events)
            return Settled(after.shown, changed=bool(events))

    def peek(self, cache: CacheKey) -> CachedEntry | None:
        """Look up the cache alone, uncounted."""
        with self._lock:
            return self._cache.look_up(cache, self._now_ms())

    def lock(self, key: str, ttl_s: float) -> str | None:
        """Take a lease on `key`."""
        return self.enter(f"lock:{key}", 1, ttl_s)

    def unlock(self, key: str, token: str) -> None:
        """Give a lease back."""
        self.leave(f"lock:{key}", token)

    def enter(self, key: str, limit: int, lease_s: float) -> str | None:
        """Take one of `limit` places."""
        with self._lock:
            now_ms = self._now_ms()
            held = {t: end for t, end in self._leases.get(key, {}).items() if end > now_ms}
            self._leases[key] = held
            if len(held) >= limit:
                return None
            token = token_hex(8)
            held[token] = now_ms + milliseconds(lease_s)
            return token

    def leave(self, key: str, token: str) -> None:
        """Give a place back."""
        with self._lock:
            held = self._leases.get(key, {})
            held.pop(token, None)
            if not held:
                self._leases.pop(key, None)

    def usage(self, rules: Sequence[LimitRule]) -> tuple[LimitUse, ...]:
        """How much of each limit is used now."""
        with self._lock:
            now_ms = self._now_ms()
            return tuple(_use(rule, self._live(rule, now_ms), now_ms) for rule in rules)

    def limit_keys(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Keys of limits that begin with `prefix` and count something, in order."""
        with self._lock:
            now_ms = self._now_ms()
            keys = sorted(
                key
                for key, counted in self._windows.items()
                if key.startswith(prefix)
                and window_rules.live(counted.window, counted.window_ms, now_ms)
            )
        return tuple(keys[:limit])

    def invalidate(self, tags: Sequence[str]) -> int:
        """Make every cached answer with one of `tags` a miss."""
        with self._lock:
            self._cache.invalidate(tags)
        return len(set(tags))

    def cache_keys(self, tag: str, limit: int) -> tuple[str, ...]:
        """Keys of valid answers under `tag`."""
        with self._lock:
            return self._cache.keys(tag, limit, self._now_ms())

    def breaker(self, key: str) -> BreakerSnapshot:
        """A breaker's state."""
        with self._lock:
            return breaker_rules.snapshot(self._state(key), key, self._now_ms())

    def breakers(self) -> tuple[BreakerSnapshot, ...]:
        """Every breaker something was recorded of, by key."""
        with self._lock:
            now_ms = self._now_ms()
            return tuple(
                breaker_rules.snapshot(state, key, now_ms)
                for key, state in sorted(self._breakers.items())
            )

    def set_breaker(self, key: str, mode: BreakerMode, *, reason: str, by: str) -> BreakerSnapshot:
        """Force a breaker open, disable it, or give it back."""
        with self._lock:
            now_ms = self._now_ms()
            state = self._state(key)
            after, events = breaker_rules.set_mode(state, key, mode, now_ms, reason=reason, by=by)
            self._keep(key, state, after, events)
            return breaker_rules.snapshot(after, key, now_ms)

    def breaker_events(self, key: str | None, limit: int) -> tuple[BreakerEvent, ...]:
        """The latest transitions, newest first."""
        with self._lock:
            events = [event for event in reversed(self._events) if key in {None, event.key}]
        return tuple(events[:limit])

    def cache_stats(self) -> CacheStats:
        """Counters of the cache."""
        with self._lock:
            return self._counters.stats(
                self.backend, items=self._cache.items, size_bytes=self._cache.size_bytes
            )

    def clear(self) -> None:
        """Forget everything but the counters; loads that are under way will not be stored."""
        with self._lock:
            self._windows.clear()
            self._breakers.clear()
            self._events.clear()
            self._leases.clear()
            self._cache.clear()

    def ping(self) -> None:
        """Nothing to reach."""

    def close(self) -> None:
        """Nothing to release."""

    def _now_ms(self) -> int:
        return milliseconds(self._clock())

    def _count(
        self, rules: Sequence[LimitRule], now_ms: int
    ) -> tuple[tuple[LimitUse, ...], LimitUse | None]:
        """Count one call in every window or in none; what is used, and the first that refuses."""
        live = [self._live(rule, now_ms) for rule in rules]
        uses = tuple(_use(rule, window, now_ms) for rule, window in zip(rules, live, strict=True))
        refused = next((use for use in uses if use.remaining < 1), None)
        if refused:
            return uses, refused
        counted = []
        for rule, window in zip(rules, live, strict=True):
            window_ms = milliseconds(rule.window_s)
            after = window_rules.add(window, window_ms, now_ms)
            self._windows[rule.key] = _Counted(after, window_ms)
            counted.append(_use(rule, after, now_ms))
        self._sweep(now_ms)
        return tuple(counted), None

    def _live(self, rule: LimitRule, now_ms: int) -> Window:
        counted = self._windows.get(rule.key)
        return window_rules.live(
            counted.window if counted else {}, milliseconds(rule.window_s), now_ms
        )

    def _sweep(self, now_ms: int) -> None:
        """Drop windows and leases that count nothing any more, every few thousand calls."""
        self._counted += 1
        if self._counted % _SWEEP_EVERY:
            return
        self._windows = {
            key: counted
            for key, counted in self._windows.items()
            if window_rules.live(counted.window, counted.window_ms, now_ms)
        }
        self._leases = {
            key: held
            for key, held in self._leases.items()
            if any(end > now_ms for end in held.values())
        }

    def _state(self, key: str) -> BreakerState:
        return self._breakers.get(key, BreakerState())

    def _permit(self, config: BreakerConfig, now_ms: int) -> Permit:
        state = self._state(config.key)
        after, permit, events = breaker_rules.admit(state, config, now_ms, token_hex(8))
        self._keep(config.key, state, after, events)
        return permit

    def _keep(
        self, key: str, before: BreakerState, after: BreakerState, events: breaker_rules.Events
    ) -> None:
        if after is not before:
            self._breakers[key] = after
        self._events.extend(events)


def _use(rule: LimitRule, window: Window, now_ms: int) -> LimitUse:
    used = window_rules.use_of(window, milliseconds(rule.window_s), now_ms)
    return LimitUse(
        level=rule.level,
        limit=rule.limit,
        remaining=max(0, rule.limit - used.used),
        reset_s=used.reset_ms / 1000,
    )

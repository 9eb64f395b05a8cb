"""Shared state of many processes, in Redis: one script before a call, one after it."""

import re
from collections.abc import Callable, Sequence
from secrets import token_hex
from threading import Lock
from typing import Any

import orjson
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from engine import breaker_rules
from engine.breaker_rules import milliseconds
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
    CacheWrite,
    LimitRule,
    LimitUse,
    Permit,
    Settled,
    Settlement,
)
from storage.shared_state import replies
from storage.shared_state.counters import CacheCounters
from storage.shared_state.scripts import Argument, Scripts, send, unavailable

TIMEOUT_S = 0.25
"""Short, because every call waits for it once while a server hangs."""

MAX_CONNECTIONS = 256

_PREFIX = "{api-engine}:"
_LIMIT = f"{_PREFIX}limit:"
_INDEX = f"{_PREFIX}breakers"
_EVENTS = f"{_PREFIX}breaker-events"
EVENTS_CHANNEL = f"{_PREFIX}breaker-transitions"
"""Where every transition of a breaker is published as JSON."""


class RedisSharedState:
    """Limits, breakers, cache and leases of every process on one Redis; times are the server's.

    Every call but the operators' is one atomic script and one trip. The braces in the keys' prefix
    are a hash tag: an instance's keys share one slot of a cluster, because one script touches
    limits, answer and breaker together, and so one node carries one instance.

    Every method raises StoreUnavailableError when Redis does not answer within `timeout_s`.

    Args:
        url: `redis://`, `rediss://` or `unix://`; no connection is made before it is needed.
        timeout_s: The longest wait for a connection and for an answer.
        clock: Seconds since 1970 in place of the server's time, for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._client = redis.Redis.from_url(
            url,
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),  # by itself redis-py would try ten times
            max_connections=MAX_CONNECTIONS,
        )
        self._scripts = Scripts(self._client)
        self._clock = clock
        self._lock = Lock()
        self._counters = CacheCounters()

    @property
    def backend(self) -> str:
        """Always `redis`."""
        return "redis"

    def admit(self, admission: Admission) -> Admitted:
        """Count limits, look up the cache, ask the breaker; one trip."""
        rules, cache, breaker = admission.limits, admission.cache, admission.breaker
        keys = [_limit(rule) for rule in rules]
        arguments: list[Argument] = [self._now(), len(rules)]
        for rule in rules:
            arguments += (rule.limit, milliseconds(rule.window_s))
        arguments += (len(cache.tags) if cache else -1, int(breaker is not None))
        if cache:
            keys += (_entry(cache.key), *map(_counter, cache.tags))
        token = ""
        if breaker:
            token = token_hex(8)
            keys += _breaker(breaker.key)
            arguments += _admit_arguments(breaker, token)
        refused, uses, entry, generations, permit = self._scripts.run("admit", keys, arguments)
        limits = replies.limit_uses(rules, uses)
        if refused:
            return Admitted(limits=limits, refused=limits[refused - 1])
        found = replies.cached_entry(entry)
        if cache:
            with self._lock:
                self._counters.note_look_up(found)
        return Admitted(
            limits=limits,
            entry=found,
            generations=generations.decode(),
            permit=replies.permit(permit, token) if permit else None,
        )

    def permit(self, breaker: BreakerConfig) -> Permit:
        """Ask the breaker for one more attempt."""
        token = token_hex(8)
        arguments = [self._now(), *_admit_arguments(breaker, token)]
        return replies.permit(self._scripts.run("permit", _breaker(breaker.key), arguments), token)

    def settle(self, settlement: Settlement) -> Settled:
        """Report an attempt and store its answer; one trip."""
        breaker, write = settlement.breaker, settlement.write
        keys: list[str] = []
        arguments: list[Argument] = [self._now(), int(breaker is not None)]
        arguments += _record_arguments(settlement)
        if breaker:
            keys += _breaker(breaker.key)
        if write:
            tags = write.cache.tags
            keys += (_entry(write.cache.key), *map(_counter, tags), *map(_index, tags))
            arguments += _write_arguments(write)
        else:
            arguments.append(-1)
        state, stored, changed = self._scripts.run("settle", keys, arguments)
        if stored:
            with self._lock:
                self._counters.note_store()
        return Settled(replies.state_name(state), changed=bool(changed))

    def peek(self, cache: CacheKey) -> CachedEntry | None:
        """Look up the cache alone, uncounted."""
        keys = [_entry(cache.key), *map(_counter, cache.tags)]
        return replies.cached_entry(self._scripts.run("peek", keys, [self._now()]))

    def lock(self, key: str, ttl_s: float) -> str | None:
        """Take a lease on `key`."""
        return self.enter(f"lock:{key}", 1, ttl_s)

    def unlock(self, key: str, token: str) -> None:
        """Give a lease back."""
        self.leave(f"lock:{key}", token)

    def enter(self, key: str, limit: int, lease_s: float) -> str | None:
        """Take one of `limit` places."""
        token = token_hex(8)
        arguments = [self._now(), limit, milliseconds(lease_s), token]
        return token if self._scripts.run("enter", [_places(key)], arguments) else None

    def leave(self, key: str, token: str) -> None:
        """Give a place back."""
        self._ask("ZREM", _places(key), token)

    def usage(self, rules: Sequence[LimitRule]) -> tuple[LimitUse, ...]:
        """How much of each limit is used now."""
        windows = [milliseconds(rule.window_s) for rule in rules]
        keys = [_limit(rule) for rule in rules]
        return replies.limit_uses(rules, self._scripts.run("usage", keys, [self._now(), *windows]))

    def limit_keys(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Keys of limits that begin with `prefix` and count something; scans every key."""
        pattern = f"{_LIMIT}{_GLOB.sub(_escape, prefix)}*"
        found: set[str] = set()
        cursor: Argument = 0
        while True:
            cursor, keys = self._ask("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)
            found |= {key.decode().removeprefix(_LIMIT) for key in keys}
            if not cursor or len(found) >= limit:
                return tuple(sorted(found)[:limit])

    def invalidate(self, tags: Sequence[str]) -> int:
        """Make every cached answer with one of `tags` a miss, in every process."""
        distinct = set(tags)
        keys = [key for tag in distinct for key in (_counter(tag), _index(tag))]
        self._scripts.run("invalidate", keys, [])
        return len(distinct)

    def cache_keys(self, tag: str, limit: int) -> tuple[str, ...]:
        """Keys of valid answers under `tag`, the longest to live first."""
        names = [name.decode() for name in self._ask("ZREVRANGE", _index(tag), 0, -1)]
        valid: list[str] = []
        for start in range(0, len(names), _BATCH):
            if len(valid) >= limit:
                break
            valid += self._valid(names[start : start + _BATCH])
        return tuple(valid[:limit])

    def breaker(self, key: str) -> BreakerSnapshot:
        """A breaker's state."""
        return self._snapshots([key])[0]

    def breakers(self) -> tuple[BreakerSnapshot, ...]:
        """Every breaker something was recorded of, by key."""
        names = sorted(name.decode() for name in self._ask("SMEMBERS", _INDEX))
        return self._snapshots(names)

    def set_breaker(self, key: str, mode: BreakerMode, *, reason: str, by: str) -> BreakerSnapshot:
        """Force a breaker open, disable it, or give it back."""
        arguments = [self._now(), key, EVENTS_CHANNEL, mode, reason, by]
        self._scripts.run("set_breaker", _breaker(key), arguments)
        return self.breaker(key)

    def breaker_events(self, key: str | None, limit: int) -> tuple[BreakerEvent, ...]:
        """The latest transitions, newest first."""
        events = map(replies.breaker_event, self._ask("LRANGE", _EVENTS, 0, -1))
        return tuple(event for event in events if key in {None, event.key})[:limit]

    def cache_stats(self) -> CacheStats:
        """Counters of the cache in this process."""
        with self._lock:
            return self._counters.stats(self.backend)

    def ping(self) -> None:
        """Raise StoreUnavailableError when Redis does not answer."""
        self._ask("PING")

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _now(self) -> Argument:
        return milliseconds(self._clock()) if self._clock else ""

    def _ask(self, *command: Argument) -> Any:
        try:
            return send(self._client, *command)
        except redis.RedisError as error:
            raise unavailable(error) from error

    def _ask_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """The answers to many commands in one trip; not atomic."""
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for command in commands:
                    send(pipeline, *command)
                return pipeline.execute()
        except redis.RedisError as error:
            raise unavailable(error) from error

    def _snapshots(self, names: Sequence[str]) -> tuple[BreakerSnapshot, ...]:
        commands: list[tuple[Argument, ...]] = [("TIME",)]
        for name in names:
            state, probes, *_ = _breaker(name)
            commands += [("HGETALL", state), ("ZRANGE", probes, 0, -1, "WITHSCORES")]
        (seconds, microseconds), *found = self._ask_all(commands)
        now_ms = int(seconds) * 1000 + int(microseconds) // 1000
        if self._clock:
            now_ms = milliseconds(self._clock())
        return tuple(
            breaker_rules.snapshot(replies.breaker_state(fields, probes), name, now_ms)
            for name, fields, probes in zip(names, found[::2], found[1::2], strict=True)
        )

    def _valid(self, names: Sequence[str]) -> list[str]:
        """Those of the cache keys whose answers would still be served."""
        entries = self._ask_all([("HMGET", _entry(name), "tags") for name in names])
        tagged = [
            CacheKey(name, tuple(orjson.loads(tags)))
            for name, (tags,) in zip(names, entries, strict=True)
            if tags
        ]
        return [cache.key for cache in tagged if self.peek(cache)]


_BATCH = 500
_GLOB = re.compile(r"[*?\[\]^\\-]")


def _escape(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def _limit(rule: LimitRule) -> str:
    return f"{_LIMIT}{rule.key}"


def _entry(key: str) -> str:
    return f"{_PREFIX}answer:{key}"


def _counter(tag: str) -> str:
    return f"{_PREFIX}tag:{tag}"


def _index(tag: str) -> str:
    return f"{_PREFIX}tagged:{tag}"


def _places(key: str) -> str:
    return f"{_PREFIX}places:{key}"


def _breaker(key: str) -> list[str]:
    return [f"{_PREFIX}breaker:{key}", f"{_PREFIX}probes:{key}", _INDEX, _EVENTS]


def _admit_arguments(breaker: BreakerConfig, token: str) -> tuple[Argument, ...]:
    open_ms, lease_ms = milliseconds(breaker.open_s), milliseconds(breaker.lease_s)
    return (breaker.key, EVENTS_CHANNEL, open_ms, lease_ms, breaker.max_probes, token)


def _record_arguments(settlement: Settlement) -> tuple[Argument, ...]:
    breaker, permit = settlement.breaker, settlement.permit
    if breaker is None:
        return ("", "", 0, 0, 0, "", "", settlement.outcome)
    return (
        breaker.key,
        EVENTS_CHANNEL,
        milliseconds(breaker.open_s),
        breaker.failure_threshold,
        breaker.success_threshold,
        permit.state if permit and permit.allowed else "",
        (permit.token if permit else None) or "",
        settlement.outcome,
    )


def _write_arguments(write: CacheWrite) -> tuple[Argument, ...]:
    return (
        len(write.cache.tags),
        write.cache.key,
        write.value,
        orjson.dumps(write.cache.tags),
        milliseconds(write.fresh_s),
        milliseconds(write.keep_s),
        write.generations,
    )

"""The cache as the pipeline and its operators see it."""

import logging
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any
from uuid import UUID

from engine.deadline import Deadline
from engine.errors import EngineError
from engine.executor_cache.envelope import CachedAnswer, open_sealed, seal
from engine.executor_cache.flights import Flight, Flights
from engine.executor_cache.keys import Render, all_tag, answer_key, answer_tags, api_tag
from engine.model import ApiDefinition, CachePolicy, Caller, Payload
from engine.model.keys import tenant_key
from engine.ports import CachedEntry, CacheKey, CacheStats, CacheWrite, Params, SharedState

logger = logging.getLogger(__name__)

MAX_VALUE_BYTES = 8 * 1_048_576
"""Larger answers are not cached: moving them would take longer than a shared store may."""


class APICacheService:
    """Keys, tags, lifetimes and single flight of cached answers, over any `SharedState`.

    Args:
        shared: Where the answers are kept.
        render: Fills the templates of declared tags.
        pool: Where stale answers are loaded anew in the background.
        sleep, chance: Waiting, and a random number in [0, 1).
    """

    def __init__(
        self,
        shared: SharedState,
        *,
        render: Render,
        pool: Executor,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._shared = shared
        self._render = render
        self._pool = pool
        self._chance = chance
        self._flights = Flights(shared, sleep)
        self._refreshing: set[str] = set()
        self._lock = Lock()

    def locate(
        self,
        api: ApiDefinition,
        tables: Iterable[str],
        params: Params,
        input_payload: Any,
        caller: Caller,
        *,
        variant: str = "",
    ) -> CacheKey | None:
        """Where the answer of this call is kept; None when its policy has no cache.

        Raises:
            TemplateFailedError: A declared tag cannot be filled from `params`.
        """
        policy = api.runtime_policy.cache
        if not policy.enabled:
            return None
        user = caller.subject if policy.vary_by_user else None
        return CacheKey(
            key=answer_key(api, params, input_payload, user=user, variant=variant),
            tags=answer_tags(api, tables, params, self._render),
        )

    def read(self, entry: CachedEntry | None) -> CachedAnswer | None:
        """The answer of an entry; None for a damaged or foreign one, which counts as a miss."""
        return open_sealed(entry) if entry else None

    def may_revalidate(self, answer: CachedAnswer, policy: CachePolicy) -> bool:
        """Whether a stale answer is served at once while it is loaded anew behind it."""
        return not answer.fresh and answer.stale_s < policy.stale_while_revalidate_seconds

    def may_cover_error(self, answer: CachedAnswer, policy: CachePolicy) -> bool:
        """Whether a stale answer is served instead of a failure."""
        return not answer.fresh and answer.stale_s < policy.stale_if_error_seconds

    def write_for(
        self, cache: CacheKey, payload: Payload, policy: CachePolicy, generations: str
    ) -> CacheWrite | None:
        """How an answer is stored; None when it is too large to be.

        Fresh for `ttl_seconds` * (1 ± `jitter`), uniformly, so that answers stored together do not
        expire together; kept beyond that for the longer of the two grace periods.
        """
        fresh_s = policy.ttl_seconds * (1 + policy.jitter * (2 * self._chance() - 1))
        grace_s = max(policy.stale_while_revalidate_seconds, policy.stale_if_error_seconds)
        value = seal(payload, fresh_s)
        if len(value) > MAX_VALUE_BYTES:
            return None
        return CacheWrite(
            cache=cache,
            value=value,
            fresh_s=fresh_s,
            keep_s=fresh_s + grace_s,
            generations=generations,
        )

    def flight(
        self, cache: CacheKey, generations: str, deadline: Deadline
    ) -> AbstractContextManager[Flight]:
        """Join the identical call that is under way, or become the one that loads.

        `generations` are those of the look-up that missed. See `Flight` and `Flights.join`.
        """
        return self._flights.join(cache, generations, deadline)

    def revalidate(self, cache: CacheKey, lease_s: float, load: Callable[[], None]) -> bool:
        """Load a stale answer anew in the background, once over all processes.

        `load` runs the attempt and stores its answer; its EngineError is logged. Returns whether
        this process has taken it on; False when it is already at it.
        """
        with self._lock:
            if cache.key in self._refreshing:
                return False
            self._refreshing.add(cache.key)
        try:
            self._pool.submit(self._refresh, cache, lease_s, load)
        except RuntimeError:
            # The pool is shutting down with the process; the stale answer has been served.
            self._refreshed(cache)
            return False
        return True

    def invalidate_api(self, tenant_id: str, api_id: UUID) -> int:
        """Drop every answer of one API; how many tags were touched."""
        return self._shared.invalidate([api_tag(tenant_id, api_id)])

    def invalidate_tag(self, tenant_id: str, tag: str) -> int:
        """Drop every answer with a tag, as in the policy (`table:flights`), of one tenant."""
        return self._shared.invalidate([tenant_key(tenant_id, tag)])

    def invalidate_all(self, tenant_id: str) -> int:
        """Drop every answer of a tenant."""
        return self._shared.invalidate([all_tag(tenant_id)])

    def keys_of_api(self, tenant_id: str, api_id: UUID, limit: int = 1000) -> tuple[str, ...]:
        """Keys of the answers that `invalidate_api` would drop, at most `limit`."""
        return self._shared.cache_keys(api_tag(tenant_id, api_id), limit)

    def keys_of_tag(self, tenant_id: str, tag: str, limit: int = 1000) -> tuple[str, ...]:
        """Keys of the answers that `invalidate_tag` would drop, at most `limit`."""
        return self._shared.cache_keys(tenant_key(tenant_id, tag), limit)

    def keys(self, tenant_id: str, limit: int = 1000) -> tuple[str, ...]:
        """Keys of the answers that `invalidate_all` would drop, at most `limit`."""
        return self._shared.cache_keys(all_tag(tenant_id), limit)

    def stats(self) -> CacheStats:
        """Backend in force, hit rate and counters of this process."""
        return self._shared.cache_stats()

    def _refresh(self, cache: CacheKey, lease_s: float, load: Callable[[], None]) -> None:
        name = f"refresh:{cache.key}"
        token = None
        try:
            token = self._shared.lock(name, lease_s)
            if token is None:
                return
            entry = self._shared.peek(cache)
            if not (entry and entry.fresh):
                load()
        except EngineError as error:
            logger.warning("refreshing a stale answer failed: %s: %s", error.code, error.message)
        finally:
            if token:
                self._shared.unlock(name, token)
            self._refreshed(cache)

    def _refreshed(self, cache: CacheKey) -> None:
        with self._lock:
            self._refreshing.discard(cache.key)

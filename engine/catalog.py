"""Finds the live, compiled form of an API; compiled once and kept until it or its assets change."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

from engine.compilation import CompiledApi, Compiler
from engine.errors import ApiInactiveError
from engine.ports import DefinitionStore

FRESH_S = 1.0
"""How long a compiled API is used before the store is asked whether it or its assets changed, so
how long another process may go on with the one before; this process is told at once (`evict`)."""


@dataclass(slots=True)
class _Entry:
    api: CompiledApi
    checked_at: float


class ApiCatalog:
    """Compiled APIs by tenant and name or id; thread-safe, bounded."""

    def __init__(
        self,
        store: DefinitionStore,
        compiler: Compiler,
        *,
        size: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._compiler = compiler
        self._clock = clock
        self._entries: LRUCache[tuple[str, str], _Entry] = LRUCache(size)
        self._lock = threading.Lock()

    def resolve(self, tenant_id: str, ref: str, version: int | None = None) -> CompiledApi:
        """The live version of an API, or the given one, compiled.

        Raises:
            NotFoundError: No such API, or version, in this tenant.
            ApiInactiveError: It is switched off, or was never published.
            DefinitionInvalidError: It was published and can no longer be compiled.
        """
        if version is not None:
            return self._old_version(tenant_id, ref, version)
        entry = self._entries.get((tenant_id, ref))
        if entry is not None and self._clock() - entry.checked_at < FRESH_S:
            return entry.api
        return self._load(tenant_id, ref, entry)

    def evict(self, tenant_id: str, *refs: str) -> None:
        """Forget APIs by name or id, so that the next call sees what was just changed."""
        with self._lock:
            for ref in refs:
                self._entries.pop((tenant_id, ref), None)

    def _load(self, tenant_id: str, ref: str, entry: _Entry | None) -> CompiledApi:
        checked_at = self._clock()
        api_id, version, is_active = self._store.stamp(tenant_id, ref)
        _refuse_unless_live(ref, version, is_active=is_active)
        known = entry.api.definition if entry else None
        same = entry and known and (known.id, known.version) == (api_id, version)
        if entry and same and self._compiler.is_current(entry.api):
            entry.checked_at = checked_at
            return entry.api
        compiled = self._compiler.compile(self._store.get(tenant_id, str(api_id)))
        with self._lock:
            self._entries[tenant_id, ref] = _Entry(compiled, checked_at)
        return compiled

    def _old_version(self, tenant_id: str, ref: str, version: int) -> CompiledApi:
        api_id, live, is_active = self._store.stamp(tenant_id, ref)
        _refuse_unless_live(ref, live, is_active=is_active)
        snapshot = self._store.version(tenant_id, api_id, version).snapshot
        return self._compiler.compile(snapshot)


def _refuse_unless_live(ref: str, version: int, *, is_active: bool) -> None:
    if version == 0:
        raise ApiInactiveError(
            f"API {ref!r} was never published", hint="Publish its draft, or run it as a test."
        )
    if not is_active:
        raise ApiInactiveError(
            f"API {ref!r} is switched off", hint="Switch it on: PATCH …/toggle, or on its page."
        )

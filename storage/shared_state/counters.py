"""Counters of cache look-ups in one process."""

from engine.ports import CachedEntry, CacheStats


class CacheCounters:
    """Hits, misses, stale hits and stores since the start; not thread-safe, its owner locks.

    A stale entry counts as stale alone: it may be served or not.
    """

    def __init__(self) -> None:
        self._hits = self._misses = self._stale = self._stores = 0

    def note_look_up(self, entry: CachedEntry | None) -> None:
        """Count a look-up by what it found."""
        if entry is None:
            self._misses += 1
        elif entry.fresh:
            self._hits += 1
        else:
            self._stale += 1

    def note_store(self) -> None:
        """Count an answer that was stored."""
        self._stores += 1

    def stats(self, backend: str, *, items: int = 0, size_bytes: int = 0) -> CacheStats:
        """The counters as they are; the hit rate is of fresh hits among all look-ups."""
        looked_up = self._hits + self._misses + self._stale
        return CacheStats(
            backend=backend,
            hits=self._hits,
            misses=self._misses,
            stale=self._stale,
            stores=self._stores,
            memory_items=items,
            memory_bytes=size_bytes,
            hit_rate=round(self._hits / looked_up, 4) if looked_up else 0.0,
        )

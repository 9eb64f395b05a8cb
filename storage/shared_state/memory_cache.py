"""The answer cache of one process: bounded in bytes, least recently used out first."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex

from engine.breaker_rules import milliseconds
from engine.ports import CachedEntry, CacheKey, CacheWrite

MAX_TAGS = 100_000
"""Tags whose invalidations are remembered one by one; past it the whole cache is dropped."""

_ENTRY_OVERHEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    generations: str
    tags: tuple[str, ...]
    stored_ms: int
    fresh_until_ms: int
    keep_until_ms: int

    @property
    def size(self) -> int:
        return len(self.value) + _ENTRY_OVERHEAD_BYTES


class MemoryCache:
    """Answers under the generations of their tags; not thread-safe, its owner holds the lock.

    Every invalidation is a step of one counter, and a tag's generation is the step that last
    touched it. Generations of another instance, or from before a `clear`, never match.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0
        self._step = 0
        self._floor = 0
        self._tag_steps: dict[str, int] = {}
        self._instance = token_hex(4)

    @property
    def items(self) -> int:
        """Entries held, expired ones that nobody asked for included."""
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """Bytes held, a flat overhead for each entry included."""
        return self._bytes

    def generations(self, tags: Sequence[str]) -> str:
        """The tags' generations as one comparable text."""
        steps = ",".join(str(self._tag_steps.get(tag, self._floor)) for tag in tags)
        return f"{self._instance}:{self._floor}:{steps}"

    def look_up(self, cache: CacheKey, now_ms: int) -> CachedEntry | None:
        """The entry of a key, unless it is past its time or one of its tags was invalidated."""
        entry = self._entries.get(cache.key)
        if entry is None:
            return None
        if entry.keep_until_ms <= now_ms or entry.generations != self.generations(cache.tags):
            self._drop(cache.key)
            return None
        self._entries.move_to_end(cache.key)
        age_s = max(0, now_ms - entry.stored_ms) / 1000
        return CachedEntry(entry.value, age_s, now_ms < entry.fresh_until_ms)

    def store(self, write: CacheWrite, now_ms: int) -> bool:
        """Keep an answer; refused when a tag moved since its look-up, or when it is too large."""
        if write.generations != self.generations(write.cache.tags):
            return False
        entry = _Entry(
            value=write.value,
            generations=write.generations,
            tags=write.cache.tags,
            stored_ms=now_ms,
            fresh_until_ms=now_ms + milliseconds(write.fresh_s),
            keep_until_ms=now_ms + milliseconds(write.keep_s),
        )
        self._drop(write.cache.key)
        if entry.size > self._max_bytes:
            return False
        self._entries[write.cache.key] = entry
        self._bytes += entry.size
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))
        return True

    def invalidate(self, tags: Sequence[str]) -> None:
        """Make every entry with one of `tags` a miss, those that are being loaded included."""
        self._step += 1
        for tag in tags:
            self._tag_steps[tag] = self._step
        if len(self._tag_steps) > MAX_TAGS:
            self.clear()

    def keys(self, tag: str, limit: int, now_ms: int) -> tuple[str, ...]:
        """Keys of valid entries under `tag`, newest first."""
        found: list[str] = []
        for key, entry in reversed(self._entries.items()):
            if len(found) >= limit:
                break
            valid = entry.generations == self.generations(entry.tags)
            if tag in entry.tags and valid and entry.keep_until_ms > now_ms:
                found.append(key)
        return tuple(found)

    def clear(self) -> None:
        """Forget everything; loads that are under way will not be stored."""
        self._step += 1
        self._floor = self._step
        self._entries.clear()
        self._tag_steps.clear()
        self._bytes = 0

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size

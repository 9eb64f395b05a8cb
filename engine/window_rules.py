"""The sliding window that rate limits count by, as functions of plain values.

Sliding window counter with 60 buckets: the calls of ceil(W / 60) ms share one bucket, and a bucket
counts in full until its last call has left the window of W ms. So no window of W ms ever holds more
calls than the limit, and room comes back at most W / 60 later than a log of every call would give
it. The common variant that weighs the previous window by its overlap (Cloudflare, "How we built
rate limiting capable of scaling to millions of domains", 2017) errs in both directions, up to
nearly twice the limit in the worst case; this one only refuses, at the price of 60 counters a key.

`storage/shared_state/lua/window.lua` is the same in Lua; times are milliseconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass

BUCKETS = 60


@dataclass(frozen=True, slots=True)
class Bucket:
    """Calls that are counted together, and when the last of them came."""

    calls: int
    last_ms: int


Window = Mapping[int, Bucket]
"""Buckets by their number."""


@dataclass(frozen=True, slots=True)
class WindowUse:
    """Calls in the window, and milliseconds until the oldest of them leave it (0 for none)."""

    used: int
    reset_ms: int


def bucket_ms(window_ms: int) -> int:
    """The length of one bucket."""
    return max(1, -(-window_ms // BUCKETS))


def live(window: Window, window_ms: int, now_ms: int) -> dict[int, Bucket]:
    """The buckets that still count at `now_ms`."""
    return {
        number: bucket for number, bucket in window.items() if bucket.last_ms + window_ms > now_ms
    }


def use_of(window: Window, window_ms: int, now_ms: int) -> WindowUse:
    """What is used of a window whose buckets are all live."""
    if not window:
        return WindowUse(0, 0)
    oldest_ms = min(bucket.last_ms for bucket in window.values())
    used = sum(bucket.calls for bucket in window.values())
    return WindowUse(used, oldest_ms + window_ms - now_ms)


def add(window: Window, window_ms: int, now_ms: int) -> dict[int, Bucket]:
    """The window with one more call at `now_ms`."""
    number = now_ms // bucket_ms(window_ms)
    before = window.get(number, Bucket(0, now_ms))
    return {**window, number: Bucket(before.calls + 1, max(before.last_ms, now_ms))}

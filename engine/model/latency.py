"""Durations summed up so that they can be added together: a quantile sketch."""

from __future__ import annotations

from datasketches import kll_floats_sketch

K = 400
RANK_ERROR: float = kll_floats_sketch.get_normalized_rank_error(K, as_pmf=False)
"""How far the rank of a percentile may be off, as a share of all calls, in 99 of 100 cases."""


class Latency:
    """Durations in milliseconds as a KLL sketch: exact up to a few hundred, then estimated.

    Karnin, Lang, Liberty, "Optimal Quantile Approximation in Streams" (2016). A percentile is a
    duration that occurred, whose rank is within `RANK_ERROR` of the one asked for, however many
    sketches were merged.
    """

    __slots__ = ("_sketch",)

    def __init__(self, encoded: bytes | None = None) -> None:
        self._sketch = kll_floats_sketch.deserialize(encoded) if encoded else kll_floats_sketch(K)

    def add(self, duration_ms: float) -> None:
        """Take in one duration."""
        self._sketch.update(duration_ms)

    def merge(self, other: Latency) -> None:
        """Take in all durations of another sketch."""
        self._sketch.merge(other._sketch)

    def percentile(self, percent: float) -> float | None:
        """The nearest-rank percentile, in whole microseconds; None when there are no durations."""
        if self._sketch.is_empty():
            return None
        found: float = self._sketch.get_quantile(percent / 100, inclusive=True)
        return round(found, 3)

    def share_within(self, limit_ms: float) -> float | None:
        """The share of durations of at most `limit_ms`, within `RANK_ERROR`; None without any."""
        if self._sketch.is_empty():
            return None
        share: float = self._sketch.get_rank(limit_ms, inclusive=True)
        return share

    def encode(self) -> bytes:
        """The sketch as bytes that the constructor takes."""
        encoded: bytes = self._sketch.serialize()
        return encoded

"""Sums the events of the last stretch of time up, in memory that does not grow with their number.

A window is kept in slices, at most `SLICES` of at least a second; it moves on by whole slices.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from engine.cep.triggers import Aggregation
from engine.model.latency import Latency

SLICES = 60


def slice_s(window_s: float) -> float:
    """The length of a slice of a window."""
    return max(1.0, window_s / SLICES)


@dataclass(slots=True)
class Aggregate:
    """What the values of one slice come to; percentiles only where they are asked for."""

    number: int = 0
    count: int = 0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    last: float = math.nan
    sketch: Latency | None = None

    def add(self, value: float) -> None:
        """Take in one value."""
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        self.last = value
        if self.sketch is not None:
            self.sketch.add(value)


@dataclass(slots=True)
class Window:
    """The slices in which there were events, oldest first."""

    aggregation: Aggregation
    length_s: float
    slices: deque[Aggregate] = field(default_factory=deque)

    def add(self, at_s: float, value: float) -> None:
        """Take in the value of an event that occurred at a time; a little late does not matter."""
        number = math.floor(at_s / slice_s(self.length_s))
        for found in reversed(self.slices):
            if found.number == number:
                found.add(value)
                return
            if found.number < number:
                break
        else:
            found = None
        new = Aggregate(number, sketch=Latency() if self.aggregation[0] == "p" else None)
        new.add(value)
        self.slices.insert(0 if found is None else self.slices.index(found) + 1, new)

    def move_to(self, now_s: float) -> None:
        """Forget what is older than the window."""
        oldest = math.floor(now_s / slice_s(self.length_s)) - round(
            self.length_s / slice_s(self.length_s)
        )
        while self.slices and self.slices[0].number <= oldest:
            self.slices.popleft()

    @property
    def count(self) -> int:
        """How many events are in the window."""
        return sum(each.count for each in self.slices)

    def value(self) -> float | None:
        """The aggregate; None where there is nothing to take it of."""
        count = self.count
        if self.aggregation == "count":
            return float(count)
        if self.aggregation == "rate":
            return count / self.length_s
        if self.aggregation == "sum":
            return sum(each.total for each in self.slices)
        if not count:
            return None
        if self.aggregation == "avg":
            return sum(each.total for each in self.slices) / count
        if self.aggregation == "min":
            return min(each.least for each in self.slices)
        if self.aggregation == "max":
            return max(each.most for each in self.slices)
        if self.aggregation == "last":
            return self.slices[-1].last
        return self._percentile(float(self.aggregation[1:]))

    def _percentile(self, percent: float) -> float | None:
        merged = Latency()
        for each in self.slices:
            if each.sketch is not None:
                merged.merge(each.sketch)
        return merged.percentile(percent)

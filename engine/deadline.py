"""A point in time by which work must be done, on the monotonic clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from engine.errors import DeadlineExceededError


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a time budget; nested work inherits what is left of it."""

    at: float
    budget_s: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """A deadline `seconds` from now."""
        return cls(clock() + seconds, seconds, clock)

    def remaining_s(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.at - self.clock())

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and one `seconds` from now."""
        return Deadline(min(self.at, self.clock() + seconds), seconds, self.clock)

    def check(self, what: str) -> None:
        """Raise DeadlineExceededError when no time is left for `what`."""
        if self.remaining_s() <= 0:
            raise DeadlineExceededError(f"{what} did not finish within {self.budget_s:g} s")

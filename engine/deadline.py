"""A point in time by which work must be done, on the monotonic clock."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Self

from engine.cancellation import Cancellation, Stop
from engine.errors import DeadlineExceededError, EngineError


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a time budget, or an order to stop before it; nested work inherits both."""

    at: float
    budget_s: float
    clock: Callable[[], float] = time.monotonic
    cancellation: Cancellation | None = None

    @classmethod
    def after(
        cls,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        cancellation: Cancellation | None = None,
    ) -> Self:
        """A deadline `seconds` from now."""
        return cls(clock() + seconds, seconds, clock, cancellation)

    def remaining_s(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.at - self.clock())

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and one `seconds` from now."""
        at = min(self.at, self.clock() + seconds)
        return Deadline(at, seconds, self.clock, self.cancellation)

    def check(self, what: str) -> None:
        """Raise when there is no more to be done for `what`.

        Raises:
            DeadlineExceededError: No time is left.
            ExecutionCancelledError: The call was cancelled.
        """
        if self.cancellation is not None:
            self.cancellation.check()
        if self.remaining_s() <= 0:
            raise DeadlineExceededError(f"{what} did not finish within {self.budget_s:g} s")

    def on_cancel(self, stop: Stop) -> AbstractContextManager[None]:
        """A block during which a cancellation calls `stop`; see `Cancellation.on_cancel`."""
        return self.cancellation.on_cancel(stop) if self.cancellation else nullcontext()

    def is_cancelled(self) -> bool:
        """Whether the call was told to stop."""
        return self.cancellation is not None and self.cancellation.is_ordered

    def cause_of(self, error: EngineError) -> EngineError:
        """The cancellation in the place of `error`, where there was one.

        What is broken off fails in many ways, none of which says anything of its target.
        """
        if self.cancellation is None or not self.cancellation.is_ordered:
            return error
        cancelled = self.cancellation.error()
        cancelled.details |= {key: error.details[key] for key in ("steps",) if key in error.details}
        return cancelled

"""An order to stop, given from outside to whatever runs for a call.

The order travels with the call's deadline. A place that waits registers how its wait is broken off
(`Deadline.on_cancel`); in what way the wait then fails does not matter, because the pipeline puts
the cancellation in the place of that failure.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.errors import ExecutionCancelledError

Stop = Callable[[], None]
"""Breaks off one wait; called at most once, by the thread that cancels, and returns soon."""


class AbandonedError(BaseException):
    """The call ends here without an outcome, because another process runs it from the start.

    No `Exception`: what records outcomes must not record this one.
    """


class Cancellation:
    """One call's order to stop, its nested calls included; given once, by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered = threading.Event()
        self._stops: list[_Registered] = []
        self._reason = ""
        self._is_abandoned = False

    @property
    def is_ordered(self) -> bool:
        """Whether the order was given."""
        return self._ordered.is_set()

    def cancel(self, reason: str = "it was asked to stop") -> None:
        """Give the order and break off every wait there is; without effect the second time."""
        with self._lock:
            if self._ordered.is_set():
                return
            self._reason = reason
            self._ordered.set()
            stops = tuple(self._stops)
        for stop in stops:
            stop.pull()

    def abandon(self) -> None:
        """As `cancel`, but the call then leaves no outcome behind: another process has it."""
        self._is_abandoned = True
        self.cancel()

    def error(self) -> ExecutionCancelledError:
        """The outcome of what was stopped.

        Raises:
            AbandonedError: There is to be none.
        """
        if self._is_abandoned:
            raise AbandonedError
        return ExecutionCancelledError(f"the call was cancelled: {self._reason}")

    def check(self) -> None:
        """Raise ExecutionCancelledError once the order was given."""
        if self._ordered.is_set():
            raise self.error()

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until the order is given; whether it was."""
        return self._ordered.wait(seconds)

    @contextmanager
    def on_cancel(self, stop: Stop) -> Iterator[None]:
        """Have `stop` called if the order comes while the block runs, never after it.

        Raises:
            ExecutionCancelledError: The order was given before.
        """
        registered = _Registered(stop)
        with self._lock:
            self.check()
            self._stops.append(registered)
        try:
            yield
        finally:
            registered.release()
            with self._lock:
                self._stops.remove(registered)


class _Registered:
    """A stop whose block may end at the same moment; then it waits until the stop has returned."""

    def __init__(self, stop: Stop) -> None:
        self._lock = threading.Lock()
        self._stop: Stop | None = stop

    def pull(self) -> None:
        with self._lock:
            stop, self._stop = self._stop, None
            if stop is not None:
                stop()

    def release(self) -> None:
        with self._lock:
            self._stop = None

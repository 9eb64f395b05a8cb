"""Work that goes on in a thread of its own, to be looked at and stopped while it does."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from typing import Generic, TypeVar

import streamlit as st

from engine.cancellation import Cancellation

T = TypeVar("T")

AT_ONCE_S = 0.4
"""How long a start waits: what ends within it needs no second look."""

POLL_S = 0.4


class Running(Generic[T]):
    """One piece of work; asked by the page's thread how it gets on, done by its own.

    Args:
        limit_s: How long it may take; what its progress is measured by.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.cancellation = Cancellation()
        self._started = time.monotonic()
        self._result: Future[T] = Future()

    @classmethod
    def start(cls, work: Callable[[Cancellation], T], *, limit_s: float) -> "Running[T]":
        """Begin, and give it a moment to end."""
        running = cls(limit_s)
        threading.Thread(
            target=running._run, args=(work,), name="dashboard-work", daemon=True
        ).start()
        try:
            running._result.exception(AT_ONCE_S)
        except NotYetError:
            return running
        return running

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return not self._result.done()

    @property
    def elapsed_s(self) -> float:
        """How long ago it was begun."""
        return time.monotonic() - self._started

    def cancel(self) -> None:
        """Ask it to stop; it ends soon, with an outcome that says so."""
        self.cancellation.cancel("it was stopped in the dashboard")

    def result(self) -> T:
        """What came of it, waited for; raises what it raised."""
        return self._result.result()

    def _run(self, work: Callable[[Cancellation], T]) -> None:
        try:
            self._result.set_result(work(self.cancellation))
        except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
            self._result.set_exception(error)


@st.fragment(run_every=POLL_S)
def running_view(running: Running[T], words: Callable[[], str], *, key: str) -> None:
    """How far it is and a way to stop it; the page is drawn anew when it has ended."""
    if not running.is_running:
        st.rerun()
    stopping = running.cancellation.is_ordered
    told = "Stopping" if stopping else words()
    st.progress(
        min(running.elapsed_s / running.limit_s, 1.0),
        text=f":material/progress_activity: {told} · {running.elapsed_s:.0f} s",
    )
    st.button(
        "Cancel",
        icon=":material/stop_circle:",
        key=f"{key}-cancel",
        disabled=stopping,
        on_click=running.cancel,
    )

"""A test run of a workflow in a thread of its own, to be looked at while it goes on."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from typing import Any

from engine.model import ExecutionResult, Step
from engine.ports import StepWatcher
from pages.components.workflow.drawing import states_of

AT_ONCE_S = 0.3
"""How long a start waits: a run that ends within it needs no second look."""


class LiveRun:
    """One run of a body; told by the engine's threads how its steps get on, asked by the page's."""

    def __init__(self, body: str) -> None:
        self.body = body
        self._lock = threading.Lock()
        self._states: dict[str, dict[str, Any]] = {}
        self._result: Future[ExecutionResult] = Future()

    @classmethod
    def start(cls, body: str, run: Callable[[StepWatcher], ExecutionResult]) -> "LiveRun":
        """Begin a run, and give it a moment to end."""
        live = cls(body)
        threading.Thread(target=live._run, args=(run,), name="workflow-test", daemon=True).start()
        try:
            live._result.exception(AT_ONCE_S)
        except NotYetError:
            return live
        return live

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return not self._result.done()

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        """How each step stands that was begun so far, as the canvas shows it."""
        with self._lock:
            return dict(self._states)

    def result(self) -> ExecutionResult:
        """The outcome, waited for."""
        return self._result.result()

    def started(self, node_id: str) -> None:
        """A step begins."""
        with self._lock:
            self._states[node_id] = {"state": "running", "ms": None}

    def ended(self, step: Step) -> None:
        """A step has ended."""
        with self._lock:
            self._states |= states_of([step])

    def _run(self, run: Callable[[StepWatcher], ExecutionResult]) -> None:
        try:
            self._result.set_result(run(self))
        except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
            self._result.set_exception(error)

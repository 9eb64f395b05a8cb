"""A test run of a workflow that tells, while it goes on, how its steps stand."""

import threading
from collections.abc import Callable
from typing import Any

from engine.cancellation import Cancellation
from engine.model import ExecutionResult, Step
from engine.ports import StepWatcher
from pages.components.running import Running
from pages.components.workflow.drawing import states_of

Run = Callable[[StepWatcher, Cancellation], ExecutionResult]


class LiveRun:
    """One run of a body; told by the engine's threads how its steps get on, asked by the page's."""

    def __init__(self, body: str, run: Run, *, limit_s: float) -> None:
        """Begin the run, and give it a moment to end."""
        self.body = body
        self._lock = threading.Lock()
        self._states: dict[str, dict[str, Any]] = {}
        self.call = Running.start(lambda cancellation: run(self, cancellation), limit_s=limit_s)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.call.is_running

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        """How each step stands that was begun so far, as the canvas shows it."""
        with self._lock:
            return dict(self._states)

    def words(self) -> str:
        """What it is doing."""
        states = self.states
        running = [name for name, state in states.items() if state["state"] == "running"]
        return f"Running {', '.join(running)} · {len(states)} steps begun"

    def result(self) -> ExecutionResult:
        """The outcome, waited for."""
        return self.call.result()

    def started(self, node_id: str) -> None:
        """A step begins."""
        with self._lock:
            self._states[node_id] = {"state": "running", "ms": None}

    def ended(self, step: Step) -> None:
        """A step has ended."""
        with self._lock:
            self._states |= states_of([step])

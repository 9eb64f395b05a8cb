"""What a run has come to so far: as templates see it, as steps, as a failure or as the answer."""

from collections.abc import Mapping
from typing import Any

import orjson

from engine.deadline import Deadline
from engine.errors import DeadlineExceededError, EngineError, NodeFailedError, TemplateFailedError
from engine.executor_workflow.graph import Graph
from engine.executor_workflow.node_result import NodeResult
from engine.executor_workflow.schedule import Schedule, State
from engine.model import Payload, Step
from engine.model.execution import StepStatus

_STATUS: Mapping[State, StepStatus] = {
    State.WAITING: "skipped",
    State.RUNNING: "failed",
    State.SUCCESS: "success",
    State.CONTINUED: "failed",
    State.FAILING: "failed",
    State.HANDLED: "handled",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.BLOCKED: "skipped",
}
_NOT_RUN = NodeResult()


class Progress:
    """The schedule and the results of one run; changed by one thread."""

    def __init__(self, graph: Graph, included: frozenset[str] | None) -> None:
        self.schedule = Schedule(graph, included)
        self._graph = graph
        self._results: dict[str, NodeResult] = {}

    def finish(self, node_id: str, result: NodeResult) -> None:
        """Take in how a node ended."""
        self._results[node_id] = result
        if result.is_skipped:
            self.schedule.skip(node_id, result.note)
        elif result.error is None:
            self.schedule.succeed(node_id)
        else:
            self.schedule.fail(node_id)

    def seen(self, node_ids: frozenset[str]) -> dict[str, Any]:
        """The value of `steps` in templates that read these nodes."""
        return {
            node_id: self._result(node_id).seen_as(self._status(node_id)) for node_id in node_ids
        }

    def handled_error(self, handler: str) -> dict[str, Any]:
        """The value of `error` in a handler: the first failure, as listed, that it handles."""
        return next(
            {"node": node_id, **error.model_dump()}
            for node_id in self._graph.handles[handler]
            if (error := self._result(node_id).error)
        )

    def steps(self) -> tuple[Step, ...]:
        """Every node of the run, in listed order."""
        return tuple(self.step(node_id) for node_id in self.schedule.states)

    def step(self, node_id: str) -> Step:
        """What one node has come to."""
        result = self._result(node_id)
        is_unfinished = self.schedule.states[node_id] is State.RUNNING
        note = "unfinished at the deadline" if is_unfinished else result.note
        return Step(
            node_id=node_id,
            status=self._status(node_id),
            execution_id=result.execution_id,
            started_ms=result.started_ms,
            duration_ms=result.duration_ms,
            attempts=result.attempts,
            row_count=result.row_count,
            error=result.error,
            note=self.schedule.notes.get(node_id, note),
        )

    def steps_json(self) -> list[dict[str, Any]]:
        """The steps as the details of an error have them."""
        return [step.model_dump(mode="json") for step in self.steps()]

    def failure(self, deadline: Deadline) -> EngineError | None:
        """The error of the first node that failed with nothing to handle it."""
        states = self.schedule.states
        failed = [node_id for node_id, state in states.items() if state is State.FAILED]
        error = self._result(failed[0]).error if failed else None
        if error is None:
            return None
        details = {
            "node": failed[0],
            "failed_nodes": failed,
            "error": error.model_dump(mode="json"),
            "steps": self.steps_json(),
        }
        if error.type == DeadlineExceededError.code and deadline.remaining_s() <= 0:
            return DeadlineExceededError(
                f"the workflow did not finish within {deadline.budget_s:g} s; "
                f"time ran out in node {failed[0]!r}",
                details=details,
            )
        return NodeFailedError(
            f"node {failed[0]!r} failed: {error.message}", details=details, hint=error.hint
        )

    def answer(self, output: Any) -> Payload:
        """The run's answer where a template gives it."""
        return self._payload(NodeResult(data_json=encoded(output, "output")))

    def answer_of(self, node_id: str) -> Payload:
        """The run's answer where it is one node's data."""
        return self._payload(self._result(node_id))

    def answer_of_last(self) -> Payload:
        """The data of the node that succeeded and no other that succeeded waits for.

        Of several such nodes, an object with the data of each by its id; null of none.
        """
        last = self._last_nodes()
        if len(last) == 1:
            return self.answer_of(last[0])
        answers = {node_id: orjson.Fragment(self._result(node_id).data_json) for node_id in last}
        return self._payload(NodeResult(data_json=orjson.dumps(answers or None)))

    def _last_nodes(self) -> list[str]:
        states = self.schedule.states
        succeeded = [node_id for node_id, state in states.items() if state is State.SUCCESS]
        waited_for = set().union(*(self._graph.waits_for[node_id] for node_id in succeeded))
        return [node_id for node_id in succeeded if node_id not in waited_for]

    def _payload(self, result: NodeResult) -> Payload:
        return Payload(
            json=result.data_json,
            row_count=result.row_count,
            truncated=result.truncated,
            steps=self.steps(),
            warnings=tuple(self._warnings()),
        )

    def _warnings(self) -> list[str]:
        return [
            f"node {node_id!r} failed and {self._consequence(node_id)}: {error.message}"
            for node_id in self.schedule.states
            if (error := self._result(node_id).error)
        ]

    def _consequence(self, node_id: str) -> str:
        return "was handled" if self.schedule.was_handled(node_id) else "the workflow went on"

    def _result(self, node_id: str) -> NodeResult:
        return self._results.get(node_id, _NOT_RUN)

    def _status(self, node_id: str) -> StepStatus:
        if self.schedule.was_handled(node_id):
            return "handled"
        return _STATUS[self.schedule.states.get(node_id, State.SKIPPED)]


def encoded(value: Any, what: str) -> bytes:
    """A value as JSON; raises TemplateFailedError that names `what` when it has no such form."""
    try:
        return orjson.dumps(value, default=str)
    except TypeError as error:
        raise TemplateFailedError(f"{what} cannot be written as JSON: {error}") from error

"""How the nodes of a running job get on: told by the run, read by who writes it down."""

import threading
from collections.abc import Iterable

from engine.model import Step
from engine.model.job import NodeProgress


class JobProgress:
    """The nodes of one job, in listed order; changed by the run's thread, read by another."""

    def __init__(self, nodes: Iterable[NodeProgress]) -> None:
        self._lock = threading.Lock()
        self._nodes = {node.node_id: node for node in nodes}
        self._is_changed = False

    def started(self, node_id: str) -> None:
        """A node begins."""
        self._put(NodeProgress(node_id=node_id, state="running"))

    def ended(self, step: Step) -> None:
        """A node has ended."""
        self._put(progress_of(step))

    def settle(self, steps: Iterable[Step]) -> None:
        """The run has ended: every node as it is at the end."""
        for step in steps:
            pinned = self._nodes.get(step.node_id)
            self._put(
                progress_of(step).model_copy(update={"pinned": bool(pinned and pinned.pinned)})
            )
        for node in self.all():
            if node.state in {"waiting", "running"}:
                self._put(node.model_copy(update={"state": "skipped"}))

    def all(self) -> tuple[NodeProgress, ...]:
        """Every node as it is now."""
        with self._lock:
            return tuple(self._nodes.values())

    def changes(self) -> tuple[NodeProgress, ...] | None:
        """Every node, if anything changed since this was last asked."""
        with self._lock:
            if not self._is_changed:
                return None
            self._is_changed = False
            return tuple(self._nodes.values())

    def _put(self, node: NodeProgress) -> None:
        with self._lock:
            self._nodes[node.node_id] = node
            self._is_changed = True


def progress_of(step: Step) -> NodeProgress:
    """A step of a run as a job shows it."""
    return NodeProgress(
        node_id=step.node_id,
        state=step.status,
        duration_ms=step.duration_ms,
        attempts=step.attempts,
        row_count=step.row_count,
        execution_id=step.execution_id,
        message=step.error.message if step.error else step.note,
        pinned=step.note == "pinned",
    )

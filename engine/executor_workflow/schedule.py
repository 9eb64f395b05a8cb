"""Decides which node runs next: a state machine over the graph, without clock, thread or call."""

from collections.abc import Mapping
from enum import Enum, auto

from engine.executor_workflow.graph import Graph


class State(Enum):
    """Where a node stands.

    FAILING has failed and its handler decides; CONTINUED has failed and the nodes that wait for it
    run all the same; SKIPPED is a branch not taken; BLOCKED is behind a failure.
    """

    WAITING = auto()
    RUNNING = auto()
    SUCCESS = auto()
    CONTINUED = auto()
    FAILING = auto()
    HANDLED = auto()
    FAILED = auto()
    SKIPPED = auto()
    BLOCKED = auto()


_GO = frozenset({State.SUCCESS, State.CONTINUED})
_PASS_BY = frozenset({State.SKIPPED, State.HANDLED})
_STOP = frozenset({State.FAILED, State.BLOCKED})
_OPEN = frozenset({State.WAITING, State.RUNNING})


class Schedule:
    """The progress of one run; used by one thread.

    A node runs when everything it waits for has ended and at least one of it succeeded (or it waits
    for nothing). It is blocked when one of it failed for good, and skipped when all of it was
    skipped or failed and was handled. A handler also needs a failure to handle; it runs once, as
    soon as no other node that it handles can still fail without it.
    """

    def __init__(self, graph: Graph, included: frozenset[str] | None = None) -> None:
        ids = [node_id for node_id in graph.index if included is None or node_id in included]
        self._graph = graph
        self._states = dict.fromkeys(ids, State.WAITING)
        self._needed = {
            node_id: tuple(other for other in ids if other in graph.waits_for[node_id])
            for node_id in ids
        }
        self._failed: set[str] = set()
        self._forced: set[str] = set()
        self.notes: dict[str, str] = {}

    @property
    def states(self) -> Mapping[str, State]:
        """The state of every node of this run, in listed order."""
        return self._states

    def take(self, room: int) -> list[str]:
        """Mark up to `room` nodes that may run now as running and return them, in listed order.

        With nothing running, an empty answer means that the run has ended.
        """
        ready = self._settle()
        while not ready and State.RUNNING not in self._states.values() and self._break_wait():
            ready = self._settle()
        taken = ready[:room]
        for node_id in taken:
            self._states[node_id] = State.RUNNING
        return taken

    def succeed(self, node_id: str) -> None:
        """A node did its work, or its result was given."""
        self._states[node_id] = State.SUCCESS

    def skip(self, node_id: str, why: str) -> None:
        """A node's condition did not hold."""
        self._states[node_id] = State.SKIPPED
        self.notes[node_id] = why

    def fail(self, node_id: str) -> None:
        """A node failed."""
        self._failed.add(node_id)
        handler = self._handler_of(node_id)
        if self._continues(node_id):
            self._states[node_id] = State.CONTINUED
        elif handler is not None and self._states[handler] is State.WAITING:
            self._states[node_id] = State.FAILING
        else:
            self._states[node_id] = State.FAILED

    def was_handled(self, node_id: str) -> bool:
        """Whether a node failed and its handler succeeded."""
        state = self._states.get(node_id)
        handler = self._handler_of(node_id) if state is State.CONTINUED else None
        return state is State.HANDLED or (handler is not None and self._ran_well(handler))

    def _settle(self) -> list[str]:
        """Settle every node that needs no run for it; returns those that may run."""
        ready: list[str] = []
        changed = True
        while changed:
            ready, changed = [], False
            for node_id, state in self._states.items():
                if state is State.WAITING:
                    settled = self._next_state(node_id)
                elif state is State.FAILING:
                    settled = self._after_handler(node_id)
                else:
                    continue
                if settled is State.RUNNING:
                    ready.append(node_id)
                elif settled is not state:
                    self._states[node_id] = settled
                    changed = True
        return ready

    def _next_state(self, node_id: str) -> State:
        """RUNNING when a waiting node may run, its end when it never will, WAITING otherwise."""
        triggered = self._is_triggered(node_id)
        if triggered is None:
            return State.WAITING
        if not triggered:
            self.notes[node_id] = "nothing to handle"
            return State.SKIPPED
        gates = {needed: self._states[needed] for needed in self._needed[node_id]}
        if any(state in _OPEN or state is State.FAILING for state in gates.values()):
            return State.WAITING
        stopping = [needed for needed, state in gates.items() if state in _STOP]
        if stopping:
            self.notes[node_id] = f"{', '.join(stopping)} did not succeed"
            return State.BLOCKED
        if gates and all(state in _PASS_BY for state in gates.values()):
            self.notes[node_id] = f"{', '.join(gates)} did not run to success"
            return State.SKIPPED
        return State.RUNNING

    def _is_triggered(self, node_id: str) -> bool | None:
        """Whether a handler has a failure to handle; None while that is open; True for others."""
        handled = [other for other in self._graph.handles.get(node_id, ()) if other in self._states]
        if not handled:
            return node_id not in self._graph.handles
        fired = {other for other in handled if other in self._failed}
        if fired and node_id in self._forced:
            return True
        if any(self._may_still_fail(other, fired) for other in handled):
            return None
        return bool(fired)

    def _may_still_fail(self, node_id: str, fired: set[str]) -> bool:
        # What comes after a failure that waits for this very handler cannot go on before it.
        behind = self._states[node_id] is State.WAITING and any(
            failed in self._graph.ancestors[node_id] and self._states[failed] is State.FAILING
            for failed in fired
        )
        return self._states[node_id] in _OPEN and not behind

    def _after_handler(self, node_id: str) -> State:
        handler = self._handler_of(node_id)
        if handler is None or self._ran_well(handler):
            return State.HANDLED
        state = self._states[handler]
        if state in _OPEN or state is State.FAILING:
            return State.FAILING
        return State.FAILED

    def _break_wait(self) -> bool:
        """Let a handler run, or a failure stand, where handlers wait for each other."""
        for handler, handled in self._graph.handles.items():
            waiting = self._states.get(handler) is State.WAITING and handler not in self._forced
            if waiting and any(other in self._failed for other in handled):
                self._forced.add(handler)
                return True
        failing = [node_id for node_id, state in self._states.items() if state is State.FAILING]
        for node_id in failing[:1]:
            self._states[node_id] = State.FAILED
        return bool(failing)

    def _ran_well(self, handler: str) -> bool:
        return self._states[handler] in {State.SUCCESS, State.HANDLED}

    def _continues(self, node_id: str) -> bool:
        return self._graph.workflow.nodes[self._graph.index[node_id]].continue_on_error

    def _handler_of(self, node_id: str) -> str | None:
        node = self._graph.workflow.nodes[self._graph.index[node_id]]
        handler = self._graph.workflow.handler_of(node)
        return handler.id if handler is not None and handler.id in self._states else None

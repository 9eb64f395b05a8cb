"""The graph of a workflow: who waits for whom, in which order, and what is wrong with it."""

import difflib
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.executor_workflow.model import Workflow
from engine.executor_workflow.templates import NodeTemplates
from engine.model import Issue


@dataclass(frozen=True)
class Graph:
    """Dependencies of a workflow that has passed `check_names`.

    Attributes:
        workflow: What was written.
        waits_for: For each node the nodes it needs: sources of its edges and steps it names.
        handles: For each handler the nodes whose failure it handles, in listed order.
    """

    workflow: Workflow
    waits_for: Mapping[str, frozenset[str]]
    handles: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, workflow: Workflow, templates: Mapping[str, NodeTemplates]) -> "Graph":
        """Edges plus the steps that templates name.

        A handler may name the nodes it handles without waiting for their success.
        """
        handles: dict[str, tuple[str, ...]] = {}
        for node in workflow.nodes:
            handler = workflow.handler_of(node)
            if handler is not None:
                handles[handler.id] = (*handles.get(handler.id, ()), node.id)
        waits_for = {
            node.id: templates[node.id].steps - set(handles.get(node.id, ()))
            for node in workflow.nodes
        }
        for edge in workflow.edges:
            waits_for[edge.target] |= {edge.source}
        return cls(workflow, waits_for, handles)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Each node's place in the list."""
        return {node.id: index for index, node in enumerate(self.workflow.nodes)}

    @cached_property
    def follows(self) -> Mapping[str, frozenset[str]]:
        """For each node those that come before it: what it waits for and what it handles."""
        return {
            node_id: needed | set(self.handles.get(node_id, ()))
            for node_id, needed in self.waits_for.items()
        }

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every node once, after those it follows, otherwise as listed (Kahn's algorithm)."""
        missing = {node_id: len(before) for node_id, before in self.follows.items()}
        after: dict[str, list[str]] = {node_id: [] for node_id in missing}
        for node_id, before in self.follows.items():
            for earlier in before:
                after[earlier].append(node_id)
        ready = [self.index[node_id] for node_id, count in missing.items() if count == 0]
        heapq.heapify(ready)
        order = []
        while ready:
            node_id = self.workflow.nodes[heapq.heappop(ready)].id
            order.append(node_id)
            for later in after[node_id]:
                missing[later] -= 1
                if missing[later] == 0:
                    heapq.heappush(ready, self.index[later])
        return tuple(order)

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Nodes that may run side by side, level after level."""
        level: dict[str, int] = {}
        for node_id in self.order:
            level[node_id] = 1 + max(
                (level[before] for before in self.follows[node_id]), default=-1
            )
        return tuple(
            tuple(node_id for node_id in self.index if level[node_id] == number)
            for number in range(1 + max(level.values()))
        )

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """For each node everything it waits for, directly or through others."""
        found: dict[str, frozenset[str]] = {}
        for node_id in self.order:
            direct = self.waits_for[node_id]
            found[node_id] = direct.union(*(found[before] for before in direct))
        return found

    def cycle(self) -> tuple[str, ...] | None:
        """Nodes that follow each other in a circle, the first repeated at the end; None without."""
        done: set[str] = set()
        for start in self.index:
            path = _circle(start, self.follows, done)
            if path is not None:
                return path
        return None


def _circle(
    start: str, follows: Mapping[str, frozenset[str]], done: set[str]
) -> tuple[str, ...] | None:
    path: list[str] = []
    branches = [iter([start])]
    while branches:
        node_id = next(branches[-1], None)
        if node_id is None:
            branches.pop()
            if path:
                done.add(path.pop())
        elif node_id in path:
            circle = path[path.index(node_id) :]
            return (node_id, *reversed(circle))
        elif node_id not in done:
            path.append(node_id)
            branches.append(iter(sorted(follows[node_id])))
    return None


def check_names(workflow: Workflow) -> Iterator[Issue]:
    """Ids used twice, edges to nowhere, handlers that are not in the list."""
    places: dict[str, list[int]] = {}
    for index, node in enumerate(workflow.nodes):
        places.setdefault(node.id, []).append(index)
    for node_id, used in places.items():
        if len(used) > 1:
            where = " and ".join(f"nodes[{index}]" for index in used)
            message = f"node id {node_id!r} is used more than once: {where}"
            yield Issue(code="duplicate_node", message=message, path=f"nodes[{used[1]}].id")
    for number, edge in enumerate(workflow.edges):
        for end in ("source", "target"):
            name = getattr(edge, end)
            if name not in places:
                yield _unknown_node(name, list(places), f"edges[{number}].{end}")
    for index, node in enumerate(workflow.nodes):
        yield from _check_handler(workflow, index, node.on_error_action_index)


def check_graph(graph: Graph) -> Iterator[Issue]:
    """Cycles and handlers that could never run."""
    circle = graph.cycle()
    if circle is not None:
        message = f"nodes wait for each other: {' → '.join(circle)}"
        path = f"nodes[{graph.index[circle[0]]}]"
        yield Issue(code="cycle", message=message, path=path)
        return
    for handler, handled in graph.handles.items():
        for node_id in handled:
            if node_id in graph.ancestors[handler]:
                yield Issue(
                    code="unreachable_handler",
                    message=f"node {handler!r} handles failures of {node_id!r} and can never run: "
                    f"it also waits for {node_id!r} to succeed",
                    path=f"nodes[{graph.index[node_id]}].on_error_action_index",
                    suggestion=f"remove what makes {handler!r} wait for {node_id!r}",
                )


def _check_handler(workflow: Workflow, index: int, handler: int | None) -> Iterator[Issue]:
    path = f"nodes[{index}].on_error_action_index"
    node_id = workflow.nodes[index].id
    if handler is None:
        return
    if handler >= len(workflow.nodes):
        last = len(workflow.nodes) - 1
        message = f"node {node_id!r} names handler {handler}; nodes are numbered 0 to {last}"
        yield Issue(code="unreachable_handler", message=message, path=path)
    elif handler == index:
        message = f"node {node_id!r} cannot handle its own failure"
        yield Issue(code="unreachable_handler", message=message, path=path)


def _unknown_node(name: str, known: list[str], path: str) -> Issue:
    close = difflib.get_close_matches(name, known, 1)
    return Issue(
        code="unknown_node",
        message=f"there is no node {name!r}; known: {', '.join(known)}",
        path=path,
        suggestion=f"did you mean {close[0]!r}?" if close else None,
    )

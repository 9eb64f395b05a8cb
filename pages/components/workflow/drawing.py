"""Between a workflow's tree and the canvas: what is drawn, and the tree that a drawing makes."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.model import Issue, Step
from pages.components.workflow.layout import Position, placed
from pages.components.workflow.tree import (
    HANDLER,
    Tree,
    drawn_edges,
    handler_name,
    links,
    names_of,
    with_edges,
    with_handlers,
)

_PATH_PREFIX = "nodes["


def graph_of(tree: Tree, positions: Mapping[str, Position]) -> dict[str, Any]:
    """The drawing of a tree; nodes without a position get one that is free."""
    edges, waits = drawn_edges(tree), links(tree)
    pairs = [*edges, *((source, target) for source, target, _ in waits)]
    places = placed(names_of(tree), pairs, positions)
    return {
        "nodes": [_drawn(tree, node, places[node["id"]]) for node in tree["nodes"]],
        "edges": [list(pair) for pair in edges],
        "links": [list(link) for link in waits],
    }


def tree_of(graph: Mapping[str, Any], before: Tree) -> Tree:
    """The tree after the author drew; `before` keeps what a drawing does not show."""
    nodes = [{"id": node["id"], **node["fields"]} for node in graph["nodes"]]
    handlers = {node["id"]: node["handler"] for node in graph["nodes"]}
    shown = set(drawn_edges(before))
    hidden = [edge for edge in before.get("edges") or () if _pair(edge) not in shown]
    drawn = [{"source": source, "target": target} for source, target in graph["edges"]]
    tree = with_handlers({**before, "nodes": nodes}, handlers)
    return with_edges(tree, [*drawn, *hidden])


def positions_of(graph: Mapping[str, Any]) -> dict[str, Position]:
    """Where the author put the nodes."""
    return {node["id"]: (node["at"][0], node["at"][1]) for node in graph["nodes"]}


def marks_of(tree: Tree, issues: Iterable[Issue]) -> dict[str, dict[str, str]]:
    """What the check says of each node: every message, and the worst severity."""
    names = names_of(tree)
    marks: dict[str, dict[str, str]] = {}
    for issue in sorted(issues, key=lambda each: each.severity):
        index = _node_index(issue.path or "")
        if index is not None and index < len(names):
            mark = marks.setdefault(names[index], {"severity": issue.severity, "message": ""})
            mark["message"] = f"{mark['message']}\n{issue.message}".strip()
    return marks


def states_of(steps: Iterable[Step]) -> dict[str, dict[str, Any]]:
    """How each step ended, as the canvas shows it."""
    return {
        step.node_id: {
            "state": step.status,
            "ms": None if step.status == "skipped" else step.duration_ms,
        }
        for step in steps
    }


def _drawn(tree: Tree, node: Mapping[str, Any], at: Position) -> dict[str, Any]:
    handler = handler_name(tree, node)
    apart = {"id"} if handler is None else {"id", HANDLER}
    fields = {name: value for name, value in node.items() if name not in apart}
    return {"id": node["id"], "fields": fields, "handler": handler, "at": list(at)}


def _pair(edge: Any) -> tuple[Any, Any]:
    return (edge.get("source"), edge.get("target")) if isinstance(edge, dict) else (edge, None)


def _node_index(path: str) -> int | None:
    digits = path.removeprefix(_PATH_PREFIX).partition("]")[0]
    return int(digits) if path.startswith(_PATH_PREFIX) and digits.isdigit() else None

"""Turns a logic body into a `Workflow`, or into one issue for each mistake in it."""

import difflib
import json
import re

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.executor_workflow.model import MAX_NODES, Edge, Node, Workflow
from engine.model import Issue

_FIELDS = {"nodes": tuple(Node.model_fields), "edges": tuple(Edge.model_fields)}
_EITHER = {
    "when": "when is a template like {{ steps.a.rows }}, or true or false",
    "for_each": "for_each is a list, or a template of one like {{ steps.a.rows }}",
}
_NODE_ID = "starts with a letter or _ and has only letters, digits and _, at most 63"


def parse(body: str) -> tuple[Workflow | None, tuple[Issue, ...]]:
    """The workflow a body describes; None with the reasons when it describes none."""
    try:
        tree = json.loads(body)
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg}"
        return None, (
            Issue(code="invalid_json", message=message, line=error.lineno, column=error.colno),
        )
    except RecursionError:
        return None, (Issue(code="invalid_json", message="nested too deeply"),)
    if not isinstance(tree, dict):
        message = 'a workflow is a JSON object: {"version": 1, "nodes": […]}'
        return None, (Issue(code="invalid_json", message=message),)
    nodes = tree.get("nodes")
    if isinstance(nodes, list) and not 1 <= len(nodes) <= MAX_NODES:
        message = f"{len(nodes)} nodes; a workflow has 1 to {MAX_NODES}"
        return None, (Issue(code="node_count", message=message, path="nodes"),)
    try:
        return Workflow.model_validate(tree), ()
    except ValidationError as error:
        issues = map(_issue, error.errors(include_url=False))
        return None, tuple({(issue.path, issue.message): issue for issue in issues}.values())


def _issue(mistake: ErrorDetails) -> Issue:
    place = mistake["loc"]
    if len(place) > 2 and place[2] in _EITHER:  # followed by the alternative that did not fit
        message, place = _EITHER[str(place[2])], place[:3]
        return Issue(code="invalid_field", message=message, path=json_path(place))
    path = json_path(place)
    if mistake["type"] == "extra_forbidden":
        return _unknown_field(place, path)
    if place[-1:] == ("id",) and mistake["type"] == "string_pattern_mismatch":
        return _bad_node_id(str(mistake["input"]), path)
    if mistake["type"] == "missing":
        message = f"{place[-1]} is missing"
    else:
        message = mistake["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return Issue(code="invalid_field", message=message, path=path)


def _unknown_field(place: tuple[int | str, ...], path: str) -> Issue:
    name = str(place[-1])
    known = _FIELDS[str(place[0])] if len(place) > 1 else tuple(Workflow.model_fields)
    close = difflib.get_close_matches(name, known, 1)
    return Issue(
        code="unknown_field",
        message=f"unknown field {name!r}; known: {', '.join(known)}",
        path=path,
        suggestion=f"did you mean {close[0]!r}?" if close else None,
    )


def _bad_node_id(node_id: str, path: str) -> Issue:
    usable = re.sub(r"\W", "_", node_id, flags=re.ASCII).lstrip("0123456789")[:63]
    return Issue(
        code="invalid_node_id",
        message=f"node id {node_id!r} cannot be named in templates; it {_NODE_ID}",
        path=path,
        suggestion=f"use {usable!r}" if usable.strip("_") else None,
    )


def json_path(place: tuple[int | str, ...]) -> str:
    """`("nodes", 2, "params")` as `nodes[2].params`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")

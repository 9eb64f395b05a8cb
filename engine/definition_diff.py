"""Says how two versions of a definition differ: by text, parameter, policy and workflow node."""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.definition_fields import authored_fields
from engine.model import ApiDefinition
from engine.model.definition import AUTHORED_FIELDS


def diff_definitions(a: ApiDefinition, b: ApiDefinition) -> dict[str, Any]:
    """How `b` differs from `a`.

    Returns:
        `changed`: the fields but the body that differ, with both values; `logic_body_diff`: the
        body as a unified diff; `params` and `nodes`: names that were added, removed or changed,
        these with their leaves; `policy`: the leaves that differ. `nodes` is None unless both are
        workflows that can be read.
    """
    before, after = authored_fields(a), authored_fields(b)
    return {
        "from_version": a.version,
        "to_version": b.version,
        "changed": {
            name: {"from": before[name], "to": after[name]}
            for name in AUTHORED_FIELDS
            if name != "logic_body" and before[name] != after[name]
        },
        "logic_body_diff": "\n".join(
            difflib.unified_diff(
                a.logic_body.splitlines(),
                b.logic_body.splitlines(),
                f"version {a.version}",
                "draft" if b.version == a.version else f"version {b.version}",
                lineterm="",
            )
        ),
        "params": _by_name(before["param_schema"], after["param_schema"]),
        "policy": list(_leaves("", before["runtime_policy"], after["runtime_policy"])),
        "nodes": _workflow(a, b),
    }


def _by_name(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    changed = {
        name: list(_leaves("", before[name], after[name]))
        for name in before
        if name in after and before[name] != after[name]
    }
    return {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": changed,
    }


def _leaves(path: str, before: Any, after: Any) -> Iterator[dict[str, Any]]:
    """The deepest places where two JSON values differ; lists are compared as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            inner = f"{path}.{name}" if path else name
            yield from _leaves(inner, before.get(name), after.get(name))
    elif before != after:
        yield {"path": path, "from": before, "to": after}


def _workflow(a: ApiDefinition, b: ApiDefinition) -> dict[str, Any] | None:
    old, new = _read(a), _read(b)
    if old is None or new is None:
        return None
    edges, new_edges = _edges(old), _edges(new)
    rest = {"nodes", "edges"}
    return {
        **_by_name(_nodes(old), _nodes(new)),
        "edges_added": [each for each in new_edges if each not in edges],
        "edges_removed": [each for each in edges if each not in new_edges],
        "settings": list(
            _leaves(
                "",
                {name: value for name, value in old.items() if name not in rest},
                {name: value for name, value in new.items() if name not in rest},
            )
        ),
    }


def _read(api: ApiDefinition) -> dict[str, Any] | None:
    if api.logic_type != "workflow":
        return None
    try:
        workflow = json.loads(api.logic_body)
    except (ValueError, RecursionError):
        return None
    return workflow if isinstance(workflow, dict) else None


def _nodes(workflow: Mapping[str, Any]) -> dict[str, Any]:
    nodes = workflow.get("nodes")
    found = nodes if isinstance(nodes, list) else []
    return {str(node.get("id")): node for node in found if isinstance(node, dict)}


def _edges(workflow: Mapping[str, Any]) -> list[str]:
    edges = workflow.get("edges")
    found = edges if isinstance(edges, list) else []
    return [
        f"{each.get('source')} → {each.get('target')}" for each in found if isinstance(each, dict)
    ]

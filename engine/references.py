"""Finds the APIs that a definition names: those that nodes call or parameters choose from."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.model import ApiDefinition

_NODE_API = re.compile(r'("api_id"\s*:\s*")([^"\\]+)(")')


def called_apis(logic_type: str, body: Any) -> Mapping[str, tuple[str, ...]]:
    """Names and ids that a workflow calls, each with the nodes that do; empty for other bodies."""
    calls: dict[str, tuple[str, ...]] = {}
    for node, api in _node_apis(body) if logic_type == "workflow" else ():
        calls[api] = (*calls.get(api, ()), node)
    return calls


def chosen_apis(api: ApiDefinition) -> Mapping[str, tuple[str, ...]]:
    """Names of the APIs whose rows are offered as values, each with the parameters they are for."""
    choices: dict[str, tuple[str, ...]] = {}
    for name, spec in api.param_schema.items():
        if spec.choices:
            choices[spec.choices] = (*choices.get(spec.choices, ()), name)
    return choices


def with_names(api: ApiDefinition, names: Mapping[str, str]) -> ApiDefinition:
    """The same definition calling APIs by name where it calls them by an id of `names`.

    Names mean the same on every instance; the text of the body is kept otherwise.
    """
    if api.logic_type != "workflow" or "api_id" not in api.logic_body:
        return api

    def named(match: re.Match[str]) -> str:
        return f"{match[1]}{names.get(match[2], match[2])}{match[3]}"

    return api.model_copy(update={"logic_body": _NODE_API.sub(named, api.logic_body)})


def _node_apis(body: Any) -> Iterator[tuple[str, str]]:
    try:
        workflow = json.loads(body) if isinstance(body, str) else body
    except (ValueError, RecursionError):
        return
    nodes = workflow.get("nodes") if isinstance(workflow, dict) else None
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, dict) and isinstance(node.get("api_id"), str):
            yield str(node.get("id")), node["api_id"]

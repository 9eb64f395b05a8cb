"""Whether an API makes a good tool: its name, its description, its parameters, what it changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.model import ApiDefinition, Issue
from engine.model.tool import TOOL_NAME_PATTERN, Tool
from engine.references import called_apis

DRY_RUN = "dry_run"
_MIN_DESCRIPTION = 20
_MAX_DESCRIPTION = 1024
_SAYS_NOTHING = frozenset({"api", "call", "function", "query", "run", "test", "tool"})
_MAX_DEPTH = 10

FindApi = Callable[[str], ApiDefinition | None]


def tool_name_of(api_name: str) -> str:
    """A name for the tool of an API, as every client takes it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", api_name)[:64]


def check_tool(tool: Tool, api: ApiDefinition, find: FindApi) -> tuple[Issue, ...]:
    """Errors for what clients refuse or would mislead agents, advice for what serves them badly."""
    return (
        *_of_name(tool.name),
        *_of_description(tool.description),
        *_of_params(api),
        *_of_hints(tool, api, find),
    )


def changes_nothing(api: ApiDefinition, find: FindApi, depth: int = 0) -> bool:
    """Whether a call can have no effect: statements only read, scripts reach nothing.

    Of a request its method tells, of a workflow everything that it calls.
    """
    if api.logic_type in {"sql", "script"}:
        return True
    if api.logic_type == "http":
        return _method(api.logic_body) == "GET"
    called = [find(ref) for ref in called_apis(api.logic_type, api.logic_body)]
    if depth >= _MAX_DEPTH:
        return False
    return all(each is not None and changes_nothing(each, find, depth + 1) for each in called)


def schema_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """How the parameters differ from those at the export, in words."""
    return tuple(_differences(before, now))


def _of_name(name: str) -> Iterator[Issue]:
    if not re.match(TOOL_NAME_PATTERN, name):
        yield Issue(
            code="tool_name",
            message="a tool's name has 1 to 64 letters, digits, '-' and '_'",
            path="name",
            suggestion=tool_name_of(name) or None,
        )
    elif name.lower() in _SAYS_NOTHING:
        yield _advice("name", f"{name!r} does not tell agents what it does; begin with a verb")


def _of_description(description: str) -> Iterator[Issue]:
    words = description.strip()
    if not words:
        message = "agents choose a tool by its description: say what it answers, and when to use it"
        yield Issue(code="tool_description", message=message, path="description")
    elif len(words) < _MIN_DESCRIPTION:
        yield _advice("description", "say what it answers, from what, and when to use it")
    elif len(words) > _MAX_DESCRIPTION:
        yield _advice(
            "description",
            f"{len(words)} characters stand in every conversation; keep to {_MAX_DESCRIPTION}",
        )


def _of_params(api: ApiDefinition) -> Iterator[Issue]:
    for name, spec in api.param_schema.items():
        if spec.source is None and not spec.description:
            yield _advice(f"param_schema.{name}", f"the parameter {name!r} has no description")


def _of_hints(tool: Tool, api: ApiDefinition, find: FindApi) -> Iterator[Issue]:
    if tool.read_only and not changes_nothing(api, find):
        yield Issue(
            code="tool_not_read_only",
            message="a call may change something elsewhere, so it cannot be marked read-only",
            path="read_only",
        )
    if tool.offers_dry_run and DRY_RUN in api.param_schema:
        yield Issue(
            code="tool_dry_run",
            message=f"the API has a parameter {DRY_RUN!r} of its own, so it cannot offer a dry run",
            path="offers_dry_run",
        )


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    old, new = before.get("properties", {}), now.get("properties", {})
    for name in new:
        if name not in old:
            yield f"{name} is new"
        elif new[name] != old[name]:
            words = sorted(
                word
                for word in {*old[name], *new[name]}
                if old[name].get(word) != new[name].get(word)
            )
            yield f"{name} changed: {', '.join(words)}"
    yield from (f"{name} is gone" for name in old if name not in new)
    was, required = set(before.get("required", ())), set(now.get("required", ()))
    yield from (f"{name} is required now" for name in sorted(required - was) if name in old)
    yield from (f"{name} is optional now" for name in sorted(was - required) if name in new)


def _method(body: str) -> str:
    try:
        return str(json.loads(body).get("method", "GET")).upper()
    except (ValueError, AttributeError, RecursionError):
        return ""


def _advice(path: str, message: str) -> Issue:
    return Issue(severity="warning", code="tool_advice", message=message, path=path)

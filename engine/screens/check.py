"""Reads the specification of a screen, with every mistake told."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import ValidationError

from engine.errors import DefinitionInvalidError
from engine.model import ApiDefinition, Issue
from engine.model.screen import Block, ScreenSpec
from engine.templates import check_template

_ID = re.compile(r"[a-z0-9]([a-z0-9_-]{0,78}[a-z0-9])?")
FindApi = Callable[[str], ApiDefinition | None]
_EXPRESSIONS = ("rows", "value", "delta", "trend")


def read_spec(fields: Mapping[str, Any], find_api: FindApi) -> ScreenSpec:
    """A specification that can be shown.

    Raises:
        DefinitionInvalidError: With an issue for every mistake, each with its path.
    """
    spec = parse_spec(fields)
    issues = (*_input_issues(spec, find_api), *_block_issues(spec, find_api))
    if issues:
        raise DefinitionInvalidError(issues[0].message, issues=issues)
    return spec


def refuse_bad_id(screen_id: str) -> None:
    """Raise DefinitionInvalidError unless a screen can be called so."""
    if not _ID.fullmatch(screen_id):
        message = "screen_id: takes 1 to 80 small letters, digits, - and _"
        issue = Issue(code="screen_invalid", message=message, path="screen_id")
        raise DefinitionInvalidError(message, issues=(issue,))


def parse_spec(fields: Mapping[str, Any]) -> ScreenSpec:
    """A specification of the right form, whatever it names; raises as `read_spec`."""
    try:
        return ScreenSpec.model_validate(fields)
    except ValidationError as error:
        issues = tuple(_issue(_path(each["loc"]), each["msg"]) for each in error.errors())
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error


def _input_issues(spec: ScreenSpec, find_api: FindApi) -> Iterator[Issue]:
    for number, name in _repeated([each.name for each in spec.inputs]):
        yield _issue(f"inputs[{number}].name", f"there is another input {name!r}")
    for number, each in enumerate(spec.inputs):
        path = f"inputs[{number}]"
        if each.type == "choice" and bool(each.options) == bool(each.choices):
            yield _issue(f"{path}.options", "a choice has either options or an API to choose from")
        if each.options and each.default is not None and each.default not in each.options:
            yield _issue(f"{path}.default", "is none of the options")
        if each.choices and find_api(each.choices.api_id) is None:
            yield _no_api(f"{path}.choices.api_id", each.choices.api_id)


def _block_issues(spec: ScreenSpec, find_api: FindApi) -> Iterator[Issue]:
    for number, name in _repeated([each.id for each in spec.blocks]):
        yield _issue(f"blocks[{number}].id", f"there is another block {name!r}")
    inputs = tuple(each.name for each in spec.inputs)
    for number, block in enumerate(spec.blocks):
        path = f"blocks[{number}]"
        yield from _shape_issues(block, path)
        yield from check_template(block.params, {"inputs": inputs}, f"{path}.params")
        names: dict[str, Collection[str] | None] = {"inputs": inputs}
        if block.api_id is not None:
            names |= {"data": None, "rows": None}
        for text in ("title", "text"):
            yield from check_template(getattr(block, text), names, f"{path}.{text}")
        if block.api_id is not None:
            yield from _call_issues(block, path, find_api(block.api_id))


def _shape_issues(block: Block, path: str) -> Iterator[Issue]:
    if block.type != "text" and block.api_id is None:
        yield _issue(f"{path}.api_id", f"names the API that the {block.type} shows")
    if block.type == "text" and not block.text:
        yield _issue(f"{path}.text", "is empty")
    if block.type == "metric" and block.value is None:
        yield _issue(f"{path}.value", "says which number: `[0].flights`, or `sum([].flights)`")
    if block.type == "chart" and (block.x is None or not block.y):
        yield _issue(f"{path}.x", "a chart has a column for x and columns for y")
    for name in _EXPRESSIONS:
        source = getattr(block, name)
        if source is None:
            continue
        try:
            jmespath.compile(source)
        except (JMESPathError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            yield _issue(f"{path}.{name}", f"is no JMESPath expression: {reason}")


def _call_issues(block: Block, path: str, api: ApiDefinition | None) -> Iterator[Issue]:
    if api is None:
        yield _no_api(f"{path}.api_id", str(block.api_id))
        return
    known = ", ".join(api.param_schema) or "none"
    for name in block.params.keys() - api.param_schema.keys():
        message = f"{api.api_name} has no parameter {name!r}; known: {known}"
        yield _issue(f"{path}.params.{name}", message)
    for name, spec in api.param_schema.items():
        is_needed = spec.required and spec.default is None and not spec.source
        if is_needed and name not in block.params:
            yield _issue(f"{path}.params.{name}", f"{api.api_name} needs the parameter {name!r}")


def _repeated(names: list[str]) -> Iterator[tuple[int, str]]:
    return ((i, name) for i, name in enumerate(names) if name in names[:i])


def _no_api(path: str, name: str) -> Issue:
    return _issue(path, f"there is no API {name!r}")


def _issue(path: str, message: str) -> Issue:
    return Issue(code="screen_invalid", message=f"{path}: {message}", path=path)


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path

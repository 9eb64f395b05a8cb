"""Checks a parameter schema before anything is saved: every contradiction, named with its path."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, SchemaError

from engine.model import Issue, ParamSpec
from engine.params.annotations import BOUNDED, SIZED, annotation_of, comparable
from engine.params.convert import CONVERTERS
from engine.params.source import SOURCE

MAX_PARAMS = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


def check_schema(schema: Mapping[str, ParamSpec]) -> tuple[Issue, ...]:
    """Every contradiction of a schema; `path` is like `param_schema.limit.max`."""
    issues = [issue for name, spec in schema.items() for issue in _check_param(name, spec)]
    if len(schema) > MAX_PARAMS:
        message = f"an API has at most {MAX_PARAMS} parameters, not {len(schema)}"
        issues.append(_error("too_many_params", message, "param_schema"))
    return tuple(issues)


def _check_param(name: str, spec: ParamSpec) -> Iterator[Issue]:
    path = f"param_schema.{name}"
    if not _NAME.fullmatch(name):
        yield _error(
            "param_name",
            f"{name[:80]!r} cannot name a parameter: letters, digits and underscores, at most 64,"
            " not beginning with a digit",
            path,
        )
    yield from _check_source(spec, path)
    yield from _check_spec(spec, path)


def _check_source(spec: ParamSpec, path: str) -> Iterator[Issue]:
    if spec.source is not None and not SOURCE.fullmatch(spec.source):
        yield _error(
            "bad_source",
            "source is context.tenant_id, context.user_id or claims.<name>",
            f"{path}.source",
        )
    if spec.required and spec.default is not None:
        yield Issue(
            severity="warning",
            code="default_unused",
            message="a required parameter never takes its default",
            path=f"{path}.default",
            suggestion='drop "required" or "default"',
        )


def _check_spec(spec: ParamSpec, path: str) -> Iterator[Issue]:
    shape = [*_check_applicable(spec, path), *_check_order(spec, path), *_check_pattern(spec, path)]
    yield from shape
    inner = list(_check_items(spec.items, f"{path}.items")) if spec.items else []
    yield from inner
    if not any(issue.severity == "error" for issue in (*shape, *inner)):
        yield from _check_values(spec, path)


def _check_applicable(spec: ParamSpec, path: str) -> Iterator[Issue]:
    unfit = {
        "min": spec.min is not None and spec.type not in BOUNDED,
        "max": spec.max is not None and spec.type not in BOUNDED,
        "min_length": spec.min_length is not None and spec.type not in SIZED,
        "max_length": spec.max_length is not None and spec.type not in SIZED,
        "pattern": spec.pattern is not None and spec.type != "text",
        "items": spec.items is not None and spec.type != "array",
    }
    for key in (key for key, is_unfit in unfit.items() if is_unfit):
        yield _error("not_applicable", f"{key} means nothing for type {spec.type}", f"{path}.{key}")


def _check_order(spec: ParamSpec, path: str) -> Iterator[Issue]:
    bounds: dict[str, Any] = {}
    for key, bound in (("min", spec.min), ("max", spec.max)):
        if bound is None or spec.type not in BOUNDED:
            continue
        try:
            bounds[key] = comparable(CONVERTERS[spec.type](bound))
        except PydanticCustomError as error:
            yield _error("bad_bound", f"{key} {error.message()}", f"{path}.{key}")
    if len(bounds) == 2 and bounds["min"] > bounds["max"]:
        yield _error("contradictory_bounds", "min is larger than max", f"{path}.min")
    shortest, longest = spec.min_length, spec.max_length
    if shortest is not None and longest is not None and shortest > longest:
        message = "min_length is larger than max_length"
        yield _error("contradictory_bounds", message, f"{path}.min_length")


def _check_pattern(spec: ParamSpec, path: str) -> Iterator[Issue]:
    if spec.pattern is None or spec.type != "text":
        return
    try:
        TypeAdapter(annotation_of(ParamSpec(pattern=spec.pattern)))
    except SchemaError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        yield _error(
            "bad_pattern",
            f"not a pattern: {reason} (look-around and back-references are not available)",
            f"{path}.pattern",
        )


def _check_items(items: ParamSpec, path: str) -> Iterator[Issue]:
    unfit = {
        "required": items.required,
        "default": items.default is not None,
        "source": items.source is not None,
        "choices": items.choices is not None,
    }
    for key in (key for key, is_unfit in unfit.items() if is_unfit):
        yield _error(
            "not_applicable", f"{key} belongs to a parameter, not to items", f"{path}.{key}"
        )
    yield from _check_spec(items, path)


def _check_values(spec: ParamSpec, path: str) -> Iterator[Issue]:
    if spec.enum is not None and not spec.enum:
        yield _error("empty_enum", "enum allows no value", f"{path}.enum")
        return
    without_enum = TypeAdapter[Any](annotation_of(spec.model_copy(update={"enum": None})))
    choices = [
        issue
        for index, choice in enumerate(spec.enum or ())
        for issue in _unfit(without_enum, choice, "bad_enum", f"{path}.enum[{index}]")
    ]
    yield from choices
    if choices:
        return
    adapter = TypeAdapter[Any](annotation_of(spec))
    if spec.default is not None:
        yield from _unfit(adapter, spec.default, "bad_default", f"{path}.default")
    if spec.example is not None:
        for issue in _unfit(adapter, spec.example, "bad_example", f"{path}.example"):
            yield issue.model_copy(update={"severity": "warning"})


def _unfit(adapter: TypeAdapter[Any], value: Any, code: str, path: str) -> Iterator[Issue]:
    key = path.rpartition(".")[2]
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        yield _error(code, f"{key} {error.errors()[0]['msg']}", path)


def _error(code: str, message: str, path: str) -> Issue:
    return Issue(code=code, message=message, path=path)

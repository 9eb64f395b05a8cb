"""Parameter schemas as JSON Schema (2020-12) and back, for OpenAPI, tools and forms.

What JSON Schema has no word for stands under `x-choices`; parameters that come from the caller's
credentials are not properties, since nobody can send them, and stand under `x-sourced`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import DefinitionInvalidError
from engine.model import Issue, ParamSpec
from engine.model.definition import ParamType
from engine.params.logged import jsonable

_TYPES: Mapping[ParamType, tuple[str, str | None]] = {
    "text": ("string", None),
    "integer": ("integer", None),
    "number": ("number", None),
    "boolean": ("boolean", None),
    "date": ("string", "date"),
    "datetime": ("string", "date-time"),
    "uuid": ("string", "uuid"),
    "array": ("array", None),
    "object": ("object", None),
}
_FORMATS: Mapping[str, ParamType] = {
    json_format: name for name, (_, json_format) in _TYPES.items() if json_format
}
_PLAIN: Mapping[str, ParamType] = {
    json_type: name for name, (json_type, json_format) in _TYPES.items() if not json_format
}
_ANNOTATIONS = frozenset({"title", "$schema", "$id", "$comment", "deprecated", "readOnly"})


def to_json_schema(schema: Mapping[str, ParamSpec]) -> dict[str, Any]:
    """The JSON Schema of what a caller may send."""
    document: dict[str, Any] = {
        "type": "object",
        "properties": {n: _property(s) for n, s in schema.items() if s.source is None},
        "additionalProperties": False,
    }
    required = [n for n, s in schema.items() if s.required and s.source is None]
    if required:
        document["required"] = required
    sourced = {n: _sourced(s) for n, s in schema.items() if s.source is not None}
    if sourced:
        document["x-sourced"] = sourced
    return document


def from_json_schema(document: Mapping[str, Any]) -> dict[str, ParamSpec]:
    """The parameter schema a JSON Schema says, with every rule of it kept.

    Raises:
        DefinitionInvalidError: The document says something parameters cannot keep; every keyword
            is named with its path.
    """
    issues = list(_unkept(document))
    properties = document.get("properties", {})
    required = set(document.get("required", ()))
    if not issues:
        issues = [issue for name, body in properties.items() for issue in _unread(body, name)]
    if issues:
        raise DefinitionInvalidError(f"{issues[0].path}: {issues[0].message}", issues=tuple(issues))
    sent = {name: _spec(body, required=name in required) for name, body in properties.items()}
    sourced = {
        name: _spec(body, required=bool(body.get("x-required")), source=body["x-source"])
        for name, body in document.get("x-sourced", {}).items()
    }
    return sent | sourced


def _property(spec: ParamSpec) -> dict[str, Any]:
    json_type, json_format = _TYPES[spec.type]
    low, high = _bound_words(spec.type)
    size = "Items" if spec.type == "array" else "Length"
    said = {
        "format": json_format,
        low: spec.min,
        high: spec.max,
        f"min{size}": spec.min_length,
        f"max{size}": spec.max_length,
        "pattern": spec.pattern,
        "enum": None if spec.enum is None else jsonable(spec.enum),
        "items": None if spec.items is None else _property(spec.items),
        "description": spec.description or None,
        "default": jsonable(spec.default),
        "examples": None if spec.example is None else [jsonable(spec.example)],
        "writeOnly": True if spec.secret else None,
        "x-choices": spec.choices,
    }
    return {"type": json_type} | {key: value for key, value in said.items() if value is not None}


def _sourced(spec: ParamSpec) -> dict[str, Any]:
    required = {"x-required": True} if spec.required else {}
    return {**_property(spec), "x-source": spec.source, **required}


def _bound_words(param_type: ParamType) -> tuple[str, str]:
    if param_type in {"date", "datetime"}:
        return "formatMinimum", "formatMaximum"
    return "minimum", "maximum"


def _spec(
    body: Mapping[str, Any], *, required: bool = False, source: str | None = None
) -> ParamSpec:
    body = _without_null(body)
    param_type = _type_of(body)
    low, high = _bound_words(param_type)
    size = "Items" if param_type == "array" else "Length"
    examples = body.get("examples") or [body.get("example")]
    return ParamSpec(
        type=param_type,
        required=required,
        default=body.get("default"),
        min=body.get(low),
        max=body.get(high),
        min_length=body.get(f"min{size}"),
        max_length=body.get(f"max{size}"),
        pattern=body.get("pattern"),
        enum=None if body.get("enum") is None else tuple(body["enum"]),
        items=_spec(body["items"]) if body.get("items") else None,
        description=body.get("description", ""),
        secret=bool(body.get("writeOnly")),
        example=examples[0],
        source=source,
        choices=body.get("x-choices"),
    )


def _type_of(body: Mapping[str, Any]) -> ParamType:
    by_format = _FORMATS.get(body.get("format", "")) if body.get("type") == "string" else None
    return by_format or _PLAIN[body["type"]]


def _without_null(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Drop a null alternative: a parameter that is not required may be null anyway."""
    if isinstance(body.get("type"), list):
        types = [name for name in body["type"] if name != "null"]
        return {**body, "type": types[0]} if len(types) == 1 else body
    options = body.get("anyOf", body.get("oneOf"))
    if isinstance(options, list):
        kept = [option for option in options if option != {"type": "null"}]
        rest = {key: value for key, value in body.items() if key not in {"anyOf", "oneOf"}}
        return {**rest, **kept[0]} if len(kept) == 1 else body
    return body


def _unkept(document: Mapping[str, Any]) -> Iterator[Issue]:
    if document.get("type", "object") != "object":
        yield _issue("type", "the parameters of an API are an object")
    known = {"type", "properties", "required", "additionalProperties", "description", "x-sourced"}
    for key in sorted(document.keys() - known - _ANNOTATIONS - {"$defs"}):
        yield _issue(key, f"{key} cannot be kept in a parameter schema")


def _unread(raw: Any, path: str) -> Iterator[Issue]:
    body = _without_null(raw) if isinstance(raw, Mapping) else {}
    if not isinstance(body.get("type"), str) or body["type"] not in _PLAIN:
        yield _issue(f"{path}.type", f"type must be one of {', '.join(_PLAIN)}")
        return
    param_type = _type_of(body)
    size = "Items" if param_type == "array" else "Length"
    known = {"type", "format", "enum", "description", "default", "example", "examples", "writeOnly"}
    known |= {
        "x-choices",
        "pattern",
        "items",
        *_bound_words(param_type),
        f"min{size}",
        f"max{size}",
    }
    for key in sorted(body.keys() - known - _ANNOTATIONS):
        yield _issue(f"{path}.{key}", f"{key} cannot be kept in a parameter schema")
    if body.get("items"):
        yield from _unread(body["items"], f"{path}.items")


def _issue(path: str, message: str) -> Issue:
    return Issue(code="unsupported_keyword", message=message, path=path)

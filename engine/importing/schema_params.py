"""Parameters from JSON Schemas as others write them: what cannot be kept is said, not refused."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.importing.references import References
from engine.model import ParamSpec
from engine.params import check_schema

_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}
_FORMATS = {"date": "date", "date-time": "datetime", "uuid": "uuid"}
_DEEPEST = 5


class SchemaReader:
    """Turns schemas into the JSON of parameter specs; collects notes on what it drops."""

    def __init__(self, references: References) -> None:
        self._references = references
        self.notes: list[str] = []

    def param(self, name: str, schema: Any, *, required: bool, about: str = "") -> dict[str, Any]:
        """The spec of a parameter."""
        spec = self._spec(name, schema, 0)
        if required:
            spec["required"] = True
        if about.strip():
            spec["description"] = about.strip()
        return self._usable(name, spec)

    def whole(self, schema: Any) -> dict[str, Any]:
        """A schema with its references followed, its `allOf` merged and its null forgotten."""
        return self._whole(schema, 0)

    def _whole(self, raw: Any, depth: int) -> dict[str, Any]:
        schema = dict(self._references.follow(raw)) if isinstance(raw, Mapping) else {}
        if depth > _DEEPEST:
            return schema
        for part in _parts(schema.pop("allOf", None)):
            schema = _merged(schema, self._whole(part, depth + 1))
        for word in ("anyOf", "oneOf"):
            options = [each for each in _parts(schema.get(word)) if not _is_null(each)]
            if len(options) == 1:
                del schema[word]
                schema = _merged(schema, self._whole(options[0], depth + 1))
        types = schema.get("type")
        if isinstance(types, list):
            named = [each for each in types if each != "null"]
            schema["type"] = named[0] if len(named) == 1 else None
        return schema

    def _spec(self, name: str, raw: Any, depth: int) -> dict[str, Any]:
        schema = self.whole(raw)
        known = _type_of(schema)
        if known is None:
            self.notes.append(f"{name}: its type cannot be kept, any text is taken")
        param_type = known or "text"
        spec: dict[str, Any] = {"type": param_type}
        if param_type in {"integer", "number"}:
            spec |= self._bounds(name, schema, whole=param_type == "integer")
        size = {"text": "Length", "array": "Items"}.get(param_type)
        for end in ("min", "max") if size else ():
            if isinstance(schema.get(f"{end}{size}"), int):
                spec[f"{end}_length"] = schema[f"{end}{size}"]
        if param_type == "text" and isinstance(schema.get("pattern"), str):
            spec["pattern"] = schema["pattern"]
        if isinstance(schema.get("enum"), list):
            spec["enum"] = [each for each in schema["enum"] if each is not None]
        if param_type == "array" and depth < _DEEPEST and schema.get("items"):
            spec["items"] = self._spec(name, schema["items"], depth + 1)
        if _is_plain(schema.get("default")):
            spec["default"] = schema["default"]
        if _is_plain(schema.get("example")):
            spec["example"] = schema["example"]
        if isinstance(schema.get("description"), str):
            spec["description"] = schema["description"].strip()
        if schema.get("format") == "password" or schema.get("writeOnly"):
            spec["secret"] = True
        return spec

    def _bounds(self, name: str, schema: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for ours, theirs, step in (("min", "Minimum", 1), ("max", "Maximum", -1)):
            bound, exclusive = schema.get(theirs.lower()), schema.get(f"exclusive{theirs}")
            if exclusive is True:
                bound, exclusive = None, bound
            if _is_number(bound):
                found[ours] = bound
            elif isinstance(exclusive, int) and whole:
                found[ours] = exclusive + step
            elif _is_number(exclusive):
                found[ours] = exclusive
                self.notes.append(f"{name}: {exclusive} itself is accepted too")
        return found

    def _usable(self, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Without the rules that the engine could not keep."""
        for rule in ("pattern", "default", "example", "enum", "min", "max"):
            issues = check_schema({name: ParamSpec.model_validate(spec)})
            if not any(issue.severity == "error" for issue in issues):
                break
            if spec.pop(rule, None) is not None:
                self.notes.append(f"{name}: its {rule} cannot be kept")
        return spec


def _type_of(schema: Mapping[str, Any]) -> str | None:
    named = schema.get("type")
    if named is None and isinstance(schema.get("properties"), Mapping):
        return "object"
    if named is None and isinstance(schema.get("enum"), list):
        return "text" if all(isinstance(each, str) for each in schema["enum"]) else None
    if named == "string":
        return _FORMATS.get(str(schema.get("format")), "text")
    return _TYPES.get(str(named))


def _parts(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else ()


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    properties = {**(first.get("properties") or {}), **(second.get("properties") or {})}
    required: Sequence[Any] = [*(first.get("required") or ()), *(second.get("required") or ())]
    merged = {**second, **first}
    if properties:
        merged["properties"] = properties
    if required:
        merged["required"] = list(required)
    return merged


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    """A value worth keeping: no object, whose size nobody knows."""
    if isinstance(value, list):
        return len(value) <= 50 and all(isinstance(each, str | int | float) for each in value)
    return isinstance(value, str | int | float)

"""Binds what a caller sent to an API's parameters: converted, complete, all mistakes at once."""

import copy
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from engine.errors import DefinitionInvalidError, ParamsInvalidError
from engine.model import Caller, ParamSpec
from engine.params.annotations import annotation_of
from engine.params.schema_check import check_schema
from engine.params.source import MISSING, value_from_caller

_NAMED_IN_MESSAGE = 5
_NATIVE: Mapping[str, tuple[str, str]] = {
    "string_too_short": ("too_short", "must have at least {min_length} characters"),
    "string_too_long": ("too_long", "must have at most {max_length} characters"),
    "too_short": ("too_short", "must have at least {min_length} items"),
    "too_long": ("too_long", "must have at most {max_length} items"),
    "string_pattern_mismatch": ("pattern", "must match the pattern {pattern}"),
}

Mistake = dict[str, str]


class ParamBinder:
    """A compiled parameter schema; immutable, safe for any number of threads."""

    def __init__(self, schema: Mapping[str, ParamSpec]) -> None:
        self.schema = dict(schema)
        self._model = _model_of(self.schema)
        self._defaults = {
            name: self._validate({name: spec.default})[name]
            for name, spec in self.schema.items()
            if spec.default is not None
        }

    def bind(self, raw: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Convert and check every parameter; the result has each declared name, in schema order.

        `null` means not sent: the default, or None where there is none. Values with a `source` are
        taken from the caller.

        Raises:
            ParamsInvalidError: `details["params"]` lists every mistake as
                `{"param", "code", "message"}`; no message repeats a value.
        """
        return self._bound(raw, caller, [])

    def bind_query(
        self,
        pairs: Iterable[tuple[str, str]],
        caller: Caller,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Bind the pairs of a query string: an array by repeating its name, an object as JSON.

        What a body says besides is bound with them.

        Raises:
            ParamsInvalidError: Like `bind`; also for a repeated parameter that is no array, and
                for one that both the query and the body name.
        """
        grouped: dict[str, list[str]] = {}
        for name, text in pairs:
            grouped.setdefault(name, []).append(text)
        values = {name: self._from_texts(name, texts) for name, texts in grouped.items()}
        raw = {**values, **(body or {})}
        return self._bound(raw, caller, self._repeated(grouped, body or {}))

    def _bound(
        self, raw: Mapping[str, Any], caller: Caller, found: list[Mistake]
    ) -> dict[str, Any]:
        mistakes = [*found, *self._unknown(raw), *self._not_sendable(raw)]
        given = self._sent(raw) | self._sourced(caller)
        mistakes += self._missing(given)
        values: dict[str, Any] = {}
        try:
            values = self._validate(given)
        except ValidationError as error:
            mistakes += [_mistake(detail) for detail in error.errors(include_url=False)]
        if mistakes:
            raise _params_invalid(mistakes)
        return {
            name: values[name] if name in values else copy.deepcopy(self._defaults.get(name))
            for name in self.schema
        }

    def _repeated(self, grouped: Mapping[str, list[str]], body: Mapping[str, Any]) -> list[Mistake]:
        twice = [
            {"param": name, "code": "repeated", "message": "was sent more than once"}
            for name, texts in grouped.items()
            if len(texts) > 1 and name in self.schema and self.schema[name].type != "array"
        ]
        both = [
            {"param": name, "code": "repeated", "message": "was sent in the query and in the body"}
            for name in grouped
            if name in body
        ]
        return twice + both

    def _from_texts(self, name: str, texts: list[str]) -> Any:
        spec = self.schema.get(name)
        if spec is None or spec.type not in {"array", "object"}:
            return texts[0]
        item = spec if spec.type == "object" else spec.items
        values = [_json_or_text(text) if _is_nested(item) else text for text in texts]
        return values if spec.type == "array" else values[0]

    def _validate(self, given: Mapping[str, Any]) -> dict[str, Any]:
        bound = self._model.model_validate(given)
        fields = type(bound).model_fields
        return {str(fields[key].alias): getattr(bound, key) for key in bound.model_fields_set}

    def _unknown(self, raw: Mapping[str, Any]) -> list[Mistake]:
        return [
            {
                "param": str(name)[:100],
                "code": "unknown",
                "message": self._unknown_message(str(name)),
            }
            for name in raw
            if name not in self.schema
        ]

    def _unknown_message(self, name: str) -> str:
        sendable = [known for known, spec in self.schema.items() if spec.source is None]
        close = difflib.get_close_matches(name[:100], sendable, n=1)
        if close:
            return f"is not a parameter; did you mean {close[0]!r}?"
        return f"is not a parameter; known: {', '.join(sendable) or 'none'}"

    def _not_sendable(self, raw: Mapping[str, Any]) -> list[Mistake]:
        return [
            {
                "param": name,
                "code": "not_sendable",
                "message": f"comes from the credentials ({spec.source}) and cannot be sent",
            }
            for name, spec in self.schema.items()
            if spec.source is not None and name in raw
        ]

    def _sent(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: raw[name]
            for name, spec in self.schema.items()
            if spec.source is None and raw.get(name) is not None
        }

    def _sourced(self, caller: Caller) -> dict[str, Any]:
        found = {
            name: value_from_caller(spec.source, caller)
            for name, spec in self.schema.items()
            if spec.source is not None
        }
        return {name: value for name, value in found.items() if value is not MISSING}

    def _missing(self, given: Mapping[str, Any]) -> list[Mistake]:
        return [
            {"param": name, "code": "missing", "message": _missing_message(spec)}
            for name, spec in self.schema.items()
            if spec.required and name not in given
        ]


def compile_params(schema: Mapping[str, ParamSpec]) -> ParamBinder:
    """Check a schema and build its binder.

    Raises:
        DefinitionInvalidError: With every issue of `check_schema`, when one is an error.
    """
    issues = check_schema(schema)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise DefinitionInvalidError(f"{errors[0].path}: {errors[0].message}", issues=issues)
    return ParamBinder(schema)


def _model_of(schema: Mapping[str, ParamSpec]) -> type[BaseModel]:
    # Fields have names of their own: pydantic refuses "_x" and gives "copy" or "model_x" a meaning.
    fields: dict[str, Any] = {
        f"p{index}": (annotation_of(spec), Field(default=None, alias=name))
        for index, (name, spec) in enumerate(schema.items())
    }
    return create_model("Params", __config__=ConfigDict(defer_build=False), **fields)


def _is_nested(spec: ParamSpec | None) -> bool:
    return spec is not None and spec.type in {"array", "object"}


def _json_or_text(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _missing_message(spec: ParamSpec) -> str:
    if spec.source is None:
        return "is required"
    return f"comes from the credentials ({spec.source}), which do not carry it"


def _mistake(detail: ErrorDetails) -> Mistake:
    name, *inner = detail["loc"]
    code, template = _NATIVE.get(detail["type"], (detail["type"], detail["msg"]))
    message = template.format(**detail.get("ctx", {})) if detail["type"] in _NATIVE else template
    where = "".join(f"item {part}: " for part in inner if isinstance(part, int))
    return {"param": str(name), "code": code, "message": where + message}


def _params_invalid(mistakes: list[Mistake]) -> ParamsInvalidError:
    told = "; ".join(f"{m['param']} {m['message']}" for m in mistakes[:_NAMED_IN_MESSAGE])
    more = len(mistakes) - _NAMED_IN_MESSAGE
    suffix = f"; and {more} more" if more > 0 else ""
    return ParamsInvalidError(told + suffix, details={"params": mistakes})

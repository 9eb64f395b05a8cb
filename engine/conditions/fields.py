"""One comparison: a dotted field, an operator and a value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

MISSING: Final = object()
"""What a path that leads nowhere gives; null counts as missing too."""

ALIASES: Mapping[str, str] = {
    "=": "==",
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
}
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
_LISTS = ("in", "not in", "between")
_VALUELESS = ("exists", "missing")
OPERATORS = ("==", "!=", *_ORDER, "in", "not in", "between", "contains", *_TEXT, *_VALUELESS)


class ConditionFailedError(ValueError):
    """A condition cannot be told of these values: their types do not fit it."""


def value_at(names: Mapping[str, Any], path: Sequence[str]) -> Any:
    """What a path leads to through objects and lists; `MISSING` where there is nothing or null."""
    value: Any = names
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part, MISSING)
        elif isinstance(value, (list, tuple)) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return MISSING if value is None else value


def value_mistake(op: str, value: Any) -> str | None:
    """Why a value cannot stand behind an operator; None when it can."""
    if op in _VALUELESS:
        return None if value is None else f"{op!r} takes no value"
    if op in _LISTS and not (isinstance(value, list) and value):
        return f"{op!r} takes a list that is not empty"
    if op == "between" and not (len(value) == 2 and _is_ordered(*value)):
        return "'between' takes two numbers or two texts, the smaller first"
    if op in _ORDER and _kind(value) not in ("number", "text"):
        return f"{op!r} takes a number or a text"
    if op in _TEXT and not isinstance(value, str):
        return f"{op!r} takes a text"
    if value is None:
        return f"{op!r} needs a value; 'missing' asks whether there is none"
    return None


def compare(field: str, found: Any, op: str, value: Any) -> bool:
    """Whether a field's value stands in relation `op` to `value`; a missing one does in none.

    Raises:
        ConditionFailedError: Values of these types cannot be compared so.
    """
    if op in _VALUELESS:
        return (found is MISSING) == (op == "missing")
    if found is MISSING:
        return False
    if op in ("==", "!="):
        return _same(found, value) == (op == "==")
    if op in ("in", "not in"):
        return any(_same(found, each) for each in value) == (op == "in")
    if op == "contains":
        return _contains(field, found, value)
    if op in _TEXT:
        return _TEXT[op](_fit(field, found, op, value), value)
    if op == "between":
        low, high = value
        return bool(low <= _fit(field, found, op, low) <= high)
    return _ORDER[op](_fit(field, found, op, value), value)


def _contains(field: str, found: Any, value: Any) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    if isinstance(found, (list, tuple)):
        return any(_same(each, value) for each in found)
    raise ConditionFailedError(
        f"{field} is a {_kind(found)}, and 'contains' needs a text or a list"
    )


def _fit(field: str, found: Any, op: str, value: Any) -> Any:
    if _kind(found) != _kind(value):
        raise ConditionFailedError(
            f"{field} is a {_kind(found)}, and {op!r} compares it with a {_kind(value)}"
        )
    return found


def _same(a: Any, b: Any) -> bool:
    # In Python True == 1; in JSON they are different.
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _is_ordered(low: Any, high: Any) -> bool:
    kind = _kind(low)
    return kind in ("number", "text") and kind == _kind(high) and low <= high


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, (list, tuple)) else "object"

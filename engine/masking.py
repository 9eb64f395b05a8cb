"""Masks columns of an answer and parameters of a call before anything keeps or shows them."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from engine.model import Caller, MaskPolicy
from engine.model.masked import MASKED
from engine.model.policy import MaskAction


def is_masked_for(mask: MaskPolicy, caller: Caller) -> bool:
    """Whether this caller sees masked columns: always, but for the roles the policy excepts."""
    return bool(mask.columns) and not any(caller.has_role(role) for role in mask.except_roles)


def mask_answer(data_json: bytes, columns: Mapping[str, MaskAction]) -> bytes:
    """Apply the column masks wherever an object of the answer has such a key.

    `hash` keeps equal values equal (the first 16 hex digits of SHA-256 over the value's JSON),
    `redact` shows `***`, `drop` removes the column, from a table's column list too. An answer in
    which no such name occurs is given back as it came.
    """
    if not _may_name_one_of(data_json, columns):
        return data_json
    return orjson.dumps(_masked(orjson.loads(data_json), columns))


def mask_params(params: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The parameters with each of `names` replaced by `***`."""
    hidden = frozenset(names)
    return {
        name: MASKED if name in hidden and value is not None else value
        for name, value in params.items()
    }


def _may_name_one_of(data_json: bytes, columns: Iterable[str]) -> bool:
    """Whether a document may have one of these keys; without escapes each has one spelling only."""
    return b"\\" in data_json or any(orjson.dumps(name) in data_json for name in columns)


def _masked(value: Any, columns: Mapping[str, MaskAction]) -> Any:
    if isinstance(value, list):
        kept = [item for item in value if not _describes_a_dropped_column(item, columns)]
        return [_masked(item, columns) for item in kept]
    if not isinstance(value, dict):
        return value
    return {
        name: _apply(columns[name], item) if name in columns else _masked(item, columns)
        for name, item in value.items()
        if columns.get(name) != "drop"
    }


def _apply(action: MaskAction, value: Any) -> Any:
    if value is None:
        return None
    if action == "hash":
        return hashlib.sha256(orjson.dumps(value)).hexdigest()[:16]
    return MASKED


def _describes_a_dropped_column(item: Any, columns: Mapping[str, MaskAction]) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() == {"name", "type"}
        and columns.get(str(item["name"])) == "drop"
    )

"""Parameters as the execution log may keep them: JSON-able, secrets masked."""

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.model import ParamSpec
from engine.model.masked import MASKED

_MAX_DEPTH = 64


def secret_names(schema: Mapping[str, ParamSpec]) -> frozenset[str]:
    """The parameters whose values are never written anywhere."""
    return frozenset(name for name, spec in schema.items() if _is_secret(spec))


def to_logged(values: Mapping[str, Any], schema: Mapping[str, ParamSpec]) -> dict[str, Any]:
    """Bound or raw parameters in JSON-able form; never raises.

    Secrets become `***`. So do undeclared parameters of a schema that has secrets, since a
    misspelled secret is one of them.
    """
    secret = secret_names(schema)
    return {
        _jsonable_text(str(name)): MASKED
        if value is not None and (name in secret or (secret and name not in schema))
        else jsonable(value)
        for name, value in values.items()
    }


def jsonable(value: Any, depth: int = 0) -> Any:
    """The nearest JSON value; what JSON does not know becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _jsonable_text(value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        return {_jsonable_text(str(key)): jsonable(item, depth + 1) for key, item in value.items()}
    if depth < _MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item, depth + 1) for item in value]
    return f"<{type(value).__name__}>"


def _jsonable_text(text: str) -> str:
    return text.encode(errors="replace").decode()


def _is_secret(spec: ParamSpec) -> bool:
    return spec.secret or (spec.items is not None and _is_secret(spec.items))

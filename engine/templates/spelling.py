"""How values are spelled inside text."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from engine.errors import TemplateFailedError


def to_text(value: Any) -> str:
    """A value as text: null is empty, dates are ISO 8601, everything else as JSON spells it.

    Raises:
        TemplateFailedError: An object or array holds what JSON cannot spell.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return _json(value)
    return str(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except orjson.JSONEncodeError as error:
        raise TemplateFailedError("a value cannot be written as JSON") from error

"""How values are spelled inside text."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson


def to_text(value: Any) -> str:
    """A value as text: null is empty, dates are ISO 8601, everything else as JSON spells it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return orjson.dumps(value, default=str).decode()
    return str(value)

"""Parameters as people type them: `origin=JFK limit=3`."""

from collections.abc import Iterable
from typing import Any

import orjson

from engine.errors import BadRequestError


def read_pairs(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` as parameters: texts for the schema to convert, lists and objects as JSON.

    Raises:
        BadRequestError: One is not written so.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise BadRequestError(f"a parameter is written key=value, not {pair!r}")
        found[key] = read_json(value, key) if value.startswith(("[", "{")) else value
    return found


def read_json(text: str, what: str) -> Any:
    """A JSON text; raises BadRequestError naming `what`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"{what} is no JSON: {error}") from error

"""Makes values fit for the execution log: storable in every database, and not too long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson

MAX_STACKTRACE_BYTES = 10_240
_MAX_DEPTH = 100  # orjson refuses documents nested deeper than 254
_INT64 = range(-(2**63), 2**64)
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def storable_text(text: str) -> str:
    """The text with NUL and lone surrogates, which PostgreSQL and UTF-8 refuse, as U+FFFD."""
    if text.isascii():
        return text.replace("\0", _REPLACEMENT)
    return _SURROGATE.sub(_REPLACEMENT, text).replace("\0", _REPLACEMENT)


def head(text: str, max_bytes: int) -> str:
    """The storable beginning of a text, at most `max_bytes` of UTF-8."""
    clean = storable_text(text)
    if len(clean) * 4 <= max_bytes:
        return clean
    return clean.encode()[:max_bytes].decode(errors="ignore")


def tail(text: str, max_bytes: int) -> str:
    """The storable end of a text, where a stack trace says what was raised."""
    clean = storable_text(text).encode()
    return clean[-max_bytes:].decode(errors="ignore")


def json_head(document: bytes, max_bytes: int) -> tuple[str, bool]:
    """An encoded document as text, whole or its head, and whether it was cut."""
    text = document[:max_bytes].decode(errors="ignore")
    return storable_text(text), len(document) > max_bytes


def fit_json(value: Any, max_bytes: int) -> tuple[Any, bool]:
    """A value as JSON can hold it, and whether it was cut.

    A value whose JSON is longer than `max_bytes` becomes `{"head": …}` with the beginning of its
    JSON as text; what JSON has no form for becomes text.
    """
    try:
        document = _encode(value)
    except TypeError:
        value = _plain(value)
        document = _encode(value)
    if b"\\u0000" in document:
        value = _plain(value)
    if len(document) <= max_bytes:
        return value, False
    # Quoting the head again can at most double it.
    return {"head": json_head(document, max_bytes // 2 - len('{"head":""}'))[0]}, True


def _encode(value: Any) -> bytes:
    return orjson.dumps(value, default=_encodable, option=orjson.OPT_NON_STR_KEYS)


def _encodable(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return storable_text(value)
    if value is None or isinstance(value, (bool, float, date, UUID)):
        return value
    if isinstance(value, int):
        return value if value in _INT64 else str(value)
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {storable_text(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in value]
    return storable_text(str(value))

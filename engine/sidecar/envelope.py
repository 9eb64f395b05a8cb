"""The one envelope of every answer: `{"time", "code", "message", "data"}`.

`code` is 0 for success and the HTTP status for a failure, whose `data.error` says what was wrong.
Payloads that are JSON already are spliced in as bytes, never decoded on their way through.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import Response
from pydantic import BaseModel

from engine.errors import EngineError
from engine.model import ErrorInfo
from engine.outcome import error_info
from engine.sidecar.body import PacedResponse

JSON_TYPE = "application/json"


def answer(
    data: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A success with `data`: plain JSON values, models, dataclasses, or `orjson.Fragment`."""
    return _response(status, 0, "OK", data, headers)


def around(data: Mapping[str, Any], document: Iterable[bytes]) -> Iterator[bytes]:
    """The body of a success in pieces, with a JSON `document` where `data` has a null `data`."""
    start, null, end = _body(0, "OK", data).partition(b'"data":null')
    yield start + null.removesuffix(b"null")
    yield from document
    yield end


def refusal(error: EngineError, *, headers: Mapping[str, str] | None = None) -> Response:
    """A failure that happened before or beside an execution."""
    return failure(error_info(error), headers=headers)


def failure(
    error: ErrorInfo,
    *,
    execution: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A failure; `execution` are the fields of the call that failed, where there was one."""
    shown = {
        "type": error.type,
        "message": error.message,
        "details": error.details,
        "hint": error.hint,
    }
    data = {"error": shown, **(execution or {})}
    all_headers = {**(headers or {}), **_headers_of(error)}
    return _response(error.http_status, error.http_status, error.message, data, all_headers)


def _headers_of(error: ErrorInfo) -> dict[str, str]:
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    if error.http_status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api-engine"'
    return headers


def _response(
    status: int, code: int, message: str, data: object, headers: Mapping[str, str] | None
) -> Response:
    return PacedResponse(_body(code, message, data), status, dict(headers or {}), JSON_TYPE)


def _body(code: int, message: str, data: object) -> bytes:
    envelope = {
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "code": code,
        "message": message,
        "data": data,
    }
    return orjson.dumps(envelope, default=_plain)


def _plain(value: object) -> object:
    """What orjson does not know by itself, in terms of what it knows."""
    if isinstance(value, BaseModel):
        return orjson.Fragment(value.model_dump_json())
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be answered as JSON")

"""Reads an answer: JSON, JSON lines, CSV or text; picks what `response_path` says; makes tables."""

import csv
import email.utils
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import jmespath
import orjson
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.parser import ParsedResult

from engine.errors import ResponseInvalidError, UpstreamStatusError
from engine.executor_core.http_client import OutboundResponse
from engine.executor_core.http_secrets import Redactor
from engine.model import Column, Payload

_MAX_RETRY_AFTER_S = 86_400.0
_MAX_ERROR_CHARS = 2_000
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_TYPE_NAMES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    list: "array",
    dict: "object",
}


def raise_for_status(
    response: OutboundResponse, what: str, redactor: Redactor, now: datetime | None = None
) -> None:
    """Raise UpstreamStatusError for a status of 400 and above, with the head of the answer.

    Args:
        response: The answer.
        what: The request in words, without values.
        redactor: Hides the secrets that were sent.
        now: The time that a date in `Retry-After` is compared with.
    """
    if response.status < HTTPStatus.BAD_REQUEST:
        return
    text = redactor.text(_text(response))[:_MAX_ERROR_CHARS]
    raise UpstreamStatusError(
        f"{what} was answered with {response.status} {_phrase(response.status)}".rstrip(),
        status=response.status,
        details={"body": text},
        retry_after_s=retry_after_s(response.headers.get("retry-after"), now or datetime.now(UTC)),
    )


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header (RFC 9110 10.2.3): a number or an HTTP date."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _MAX_RETRY_AFTER_S)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def payload_of(
    response: OutboundResponse,
    response_path: ParsedResult | None,
    *,
    max_rows: int,
    redactor: Redactor,
) -> Payload:
    """The answer as a payload: a list of objects becomes a table, all else stays as it is.

    Raises:
        ResponseInvalidError: The answer is not what its content type says, or `response_path` does
            not fit it.
    """
    data = _decoded(response)
    if redactor.may_touch(response.content):
        data = redactor.data(data)
    warnings: tuple[str, ...] = ()
    if response_path is not None:
        data = _picked(data, response_path)
        if data is None:
            warnings = ("response_path picked nothing from the answer",)
    if isinstance(data, list) and all(isinstance(item, dict) for item in data):
        return _table(data, max_rows, response.status, warnings)
    return Payload(json=_encoded(data), warnings=warnings, response_status=response.status)


def _decoded(response: OutboundResponse) -> Any:
    if not response.content.strip():
        return None
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        return _json(response.content)
    if media_type in {"application/x-ndjson", "application/jsonl", "application/json-lines"}:
        lines = response.content.splitlines()
        return [_json(line) for line in lines if line.strip()]
    if media_type in {"text/csv", "application/csv"}:
        return _csv_rows(_text(response))
    if media_type.startswith("text/") or "xml" in media_type:
        return _text(response)
    return _guessed(response)


def _guessed(response: OutboundResponse) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        pass
    try:
        return response.content.decode()
    except UnicodeDecodeError as error:
        kind = response.headers.get("content-type", "no content type")[:80]
        raise ResponseInvalidError(
            f"the answer is binary ({kind}); JSON, CSV or text fits"
        ) from error


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ResponseInvalidError(
            f"the answer says it is JSON and is not: {error.msg} (line {error.lineno},"
            f" column {error.colno})"
        ) from error


def _csv_rows(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restkey="_more")
    try:
        return [dict(row) for row in reader]
    except csv.Error as error:
        raise ResponseInvalidError(
            f"the answer is no CSV: {error} (line {reader.line_num})"
        ) from error


def _picked(data: Any, response_path: ParsedResult) -> Any:
    try:
        return response_path.search(data, jmespath.Options(dict_cls=dict))
    except JMESPathTypeError as error:
        raise ResponseInvalidError(
            f"response_path does not fit the answer: {error.function_name}() takes"
            f" {' or '.join(error.expected_types)}, not {error.actual_type}"
        ) from error
    except JMESPathError as error:
        raise ResponseInvalidError("response_path does not fit the answer") from error


def _table(
    rows: list[dict[str, Any]], max_rows: int, status: int, warnings: tuple[str, ...]
) -> Payload:
    kept = rows[:max_rows]
    names = list(dict.fromkeys(name for row in kept for name in row))
    columns = tuple(Column(name=name, type=_column_type(kept, name)) for name in names)
    is_truncated = len(rows) > max_rows
    document = {
        "columns": [column.model_dump() for column in columns],
        "rows": [{name: row.get(name) for name in names} for row in kept],
        "row_count": len(kept),
        "truncated": is_truncated,
    }
    return Payload(
        json=_encoded(document),
        row_count=len(kept),
        truncated=is_truncated,
        columns=columns,
        warnings=warnings,
        response_status=status,
    )


def _column_type(rows: list[dict[str, Any]], name: str) -> str:
    seen = {_TYPE_NAMES[type(row[name])] for row in rows if row.get(name) is not None}
    if seen == {"integer", "number"}:
        return "number"
    return seen.pop() if len(seen) == 1 else "json" if seen else "null"


def _encoded(data: Any) -> bytes:
    try:
        return orjson.dumps(data)
    except orjson.JSONEncodeError as error:
        raise ResponseInvalidError("the answer cannot be written as JSON") from error


def _text(response: OutboundResponse) -> str:
    charset = _CHARSET.search(response.headers.get("content-type", ""))
    try:
        return response.content.decode(charset[1] if charset else "utf-8", errors="replace")
    except LookupError:
        return response.content.decode(errors="replace")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""

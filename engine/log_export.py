"""The execution log as a file: one record a line, as CSV or as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Literal

import orjson

from engine.model import ExecutionRecord

ExportFormat = Literal["csv", "jsonl"]

COLUMNS = (
    "id",
    "created_at",
    "api_name",
    "api_version",
    "status",
    "duration_ms",
    "rows_affected",
    "source",
    "executed_by",
    "cached",
    "attempts",
    "circuit_breaker_state",
    "response_status",
    "error_type",
    "error_message",
    "trace_id",
    "parent_execution_id",
    "request_params",
)
_UNSEEN = {"error_stacktrace", "response_data", "response_truncated"}


def csv_header() -> bytes:
    """The first line of a CSV file."""
    return _csv([COLUMNS])


def csv_lines(records: Iterable[ExecutionRecord]) -> bytes:
    """Records as CSV (RFC 4180); times are ISO 8601 in UTC, parameters are JSON."""
    return _csv([_text(getattr(record, name)) for name in COLUMNS] for record in records)


def json_lines(records: Iterable[ExecutionRecord]) -> bytes:
    """Records as JSON, one a line, with their metadata, never with a stack trace."""
    return b"".join(
        orjson.dumps(
            record.model_dump(exclude=_UNSEEN), option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
        )
        for record in records
    )


def _csv(lines: Iterable[Iterable[Any]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue().encode()


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else value

"""What PostgreSQL's errors mean to the engine: whose fault, and where in the statement."""

from __future__ import annotations

import re
from typing import Any

import psycopg

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    EngineError,
    QueryFailedError,
    TargetError,
    TargetTransientError,
    TargetUnavailableError,
)

_VALUE = re.compile(r"(:\s*)?\"[^\n]*\"")
_TRANSIENT = {"40001", "40P01", "55P03", "57P05"}
_UNAVAILABLE = {"57P01", "57P02", "57P03", "57P04", "53300"}
_OUR_SERVERS_FAULT = {"53", "58", "XX", "F0"}
_DATA = "22"
_DATA_HINT = "Compare the parameters' values and the rows with the types the statement needs."
_HINTS = {
    "42P18": "Give the parameter a type: write :name::text, :name::date and so on.",
    "42883": "Check the arguments' types, or cast them: :name::date.",
    "25006": "Statements are run read-only.",
    "42501": "The connection's role may not read this; its owner can GRANT SELECT.",
}


def engine_error(
    error: psycopg.Error, sql: str, wrapped_by: int, deadline: Deadline
) -> EngineError:
    """The engine's error for one of psycopg's, without values of parameters or rows.

    Args:
        sql: The statement as it was handed in.
        wrapped_by: How many characters stood before it when it was sent.
    """
    state = error.sqlstate or ""
    if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors._WaitTimeout):
        return DeadlineExceededError(f"the statement did not finish within {deadline.budget_s:g} s")
    if state in _TRANSIENT:
        return TargetTransientError(f"PostgreSQL asks to try again: {_message(error)}")
    if state in _UNAVAILABLE or state.startswith("08"):
        return TargetUnavailableError(f"the PostgreSQL server is not available: {_message(error)}")
    if not state and isinstance(error, psycopg.OperationalError):
        return TargetUnavailableError("the connection to the PostgreSQL server broke")
    if state[:2] in _OUR_SERVERS_FAULT:
        return TargetError(f"PostgreSQL failed: {_message(error)}")
    return QueryFailedError(
        _message(error),
        details=_place(error, sql, wrapped_by) | {"sqlstate": state},
        hint=_DATA_HINT if state.startswith(_DATA) else _hint(error),
    )


def _hint(error: psycopg.Error) -> str | None:
    return _HINTS.get(error.sqlstate or "") or error.diag.message_hint


def _message(error: psycopg.Error) -> str:
    state = error.sqlstate or ""
    message = error.diag.message_primary or str(error).partition("\n")[0]
    return _VALUE.sub("", message) if state.startswith(_DATA) else message


def _place(error: psycopg.Error, sql: str, wrapped_by: int) -> dict[str, Any]:
    """Line and column from 1; `statement_position` counts characters from 1."""
    position = int(error.diag.statement_position or 0) - 1 - wrapped_by
    if not 0 <= position <= len(sql):
        return {}
    before = sql[:position]
    return {"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")}

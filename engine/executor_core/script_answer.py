"""What came out of a script's process, as a payload or as the error that tells its author."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

from engine.errors import (
    ExecutionCancelledError,
    SandboxUnavailableError,
    ScriptFailedError,
    ScriptTimeoutError,
)
from engine.executor_core.sandbox.child import FAILURE, LOCKED_IN, NOT_LOCKED_IN, RESULT
from engine.executor_core.sandbox.job import MAX_LOG_BYTES, JobOutcome
from engine.executor_core.sandbox.process import Isolation
from engine.executor_core.sandbox.supervisor import MAX_ANSWER_BYTES
from engine.executor_core.sandbox.walls import FILES_IN_TEMP
from engine.model import Column, Payload
from engine.ports import ExecutionContext

_LOGGED_WITH_AN_ERROR = 4000
_NAME_CHARACTERS = 200
_COLUMN_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    list: "array",
    dict: "object",
}


def payload_of(
    outcome: JobOutcome, isolation: Isolation, source: str, ctx: ExecutionContext
) -> Payload:
    """The script's answer; everything but a right one raises.

    Raises:
        ScriptFailedError, ScriptTimeoutError: With line, frames, printed text and usage.
        SandboxUnavailableError: The walls could not be raised; nothing of the script ran.
    """
    usage = _usage(outcome, isolation)
    about = {"usage": usage, "logs": _logs(outcome)[-_LOGGED_WITH_AN_ERROR:]}
    if outcome.answer.startswith(NOT_LOCKED_IN):
        why = outcome.answer[1:].decode(errors="replace")
        raise SandboxUnavailableError(f"the script's isolation could not be set up: {why}")
    if outcome.stopped is not None:
        _raise_stopped(outcome.stopped, about, ctx)
    body = outcome.answer.removeprefix(LOCKED_IN)
    if body.startswith(FAILURE):
        _raise_failure(body[1:], source, isolation, about)
    if not body.startswith(RESULT) or outcome.exit_code != 0:
        raise ScriptFailedError(_crash(outcome.exit_code), details={"type": "Crash", **about})
    document = body[1:]
    columns, row_count = _table(_strict(document, about))
    return Payload(
        json=document,
        row_count=row_count,
        columns=columns,
        logs=_logs(outcome),
        usage=usage,
    )


def _usage(outcome: JobOutcome, isolation: Isolation) -> dict[str, Any]:
    return {
        "cpu_ms": round(outcome.cpu_ms, 3),
        "memory_mb": round(outcome.memory_mb, 1),
        "wall_ms": round(outcome.wall_ms, 3),
        "isolation": isolation.level,
    }


def _logs(outcome: JobOutcome) -> str:
    text = _storable(outcome.log.decode(errors="replace"))
    return f"{text}\n[cut after {MAX_LOG_BYTES} bytes]" if outcome.log_truncated else text


def _raise_stopped(why: str, about: dict[str, Any], ctx: ExecutionContext) -> NoReturn:
    if why == "cancelled":
        raise ExecutionCancelledError("the script was stopped", details=about)
    if why == "timeout":
        raise ScriptTimeoutError(
            f"the script did not end within {ctx.deadline.budget_s:g} s and was stopped",
            details=about,
            hint="Do less in one call, or raise timeout_seconds in the runtime policy.",
        )
    if why == "disk_full":
        raise ScriptFailedError(
            f"the script filled its temporary folder: {ctx.policy.sandbox.temp_mb} MB"
            f" and {FILES_IN_TEMP} files are allowed",
            details={"type": "DiskFull", **about},
        )
    raise ScriptFailedError(
        f"the script's answer is larger than {MAX_ANSWER_BYTES} bytes",
        details={"type": "AnswerTooLarge", **about},
        hint="Return fewer rows or columns.",
    )


def _raise_failure(
    document: bytes, source: str, isolation: Isolation, about: dict[str, Any]
) -> NoReturn:
    name, message, frames = _failure(document, source)
    line = frames[-1]["line"] if frames else None
    where = f" (line {line})" if line else ""
    raise ScriptFailedError(
        f"{name}: {message}{where}" if message else f"{name}{where}",
        details={"type": name, "message": message, "line": line, "frames": frames, **about},
        hint=_hint(name, isolation),
    )


def _failure(document: bytes, source: str) -> tuple[str, str, list[dict[str, Any]]]:
    """Type, message and frames of an exception as the child tells them, or forges them."""
    lines = source.splitlines()
    try:
        told = json.loads(document)
        frames = [(int(frame["line"]), str(frame["function"])) for frame in told["frames"]]
        name, message = str(told["type"]), str(told["message"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "Crash", "the script spoiled its own answer", []
    return (
        _storable(name)[:_NAME_CHARACTERS],
        _storable(message),
        [
            {"line": line, "function": _storable(function), "text": lines[line - 1].strip()}
            for line, function in frames
            if 0 < line <= len(lines)
        ],
    )


def _storable(text: str) -> str:
    """Text without what UTF-8 and databases cannot hold: half characters and NUL."""
    whole = text.encode(errors="replace").decode()
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _hint(name: str, isolation: Isolation) -> str | None:
    if name == "MemoryError":
        return "Keep less in memory at once, or raise sandbox.memory_mb in the runtime policy."
    if name in {"PermissionError", "FileNotFoundError"} and isolation.level == "C":
        return "Files are not available at isolation level C."
    if name == "PermissionError":
        return "Scripts have no network, no other process and no files but their temporary folder."
    return None


def _crash(exit_code: int) -> str:
    if exit_code >= 0:
        return f"the script ended its process with code {exit_code} instead of returning an answer"
    number = -exit_code
    if number in {signal.SIGXCPU, signal.SIGKILL}:
        return "the script was killed: it used up its processor time or the machine's memory"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"the script crashed its process with {name}"


def _strict(document: bytes, about: dict[str, Any]) -> Any:
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise ScriptFailedError(
            f"the script's answer is not JSON: {error.msg}",
            details={"type": "NotJsonError", **about},
        ) from error


def _table(answer: Any) -> tuple[tuple[Column, ...] | None, int | None]:
    """Columns and number of rows when the answer is a list of objects."""
    if not isinstance(answer, list) or not answer:
        return None, None
    if not all(isinstance(row, dict) for row in answer):
        return None, None
    types: dict[str, set[type]] = {}
    for row in answer:
        for name, value in row.items():
            types.setdefault(name, set()).add(type(value))
    columns = tuple(Column(name=name, type=_column_type(seen)) for name, seen in types.items())
    return columns, len(answer)


def _column_type(seen: set[type]) -> str:
    """One word for the types of a column's values; mixed ones have none but `json`."""
    present = seen - {type(None)}
    if present == {int, float}:
        return "number"
    if len(present) == 1:
        return _COLUMN_TYPES[present.pop()]
    return "json"

"""The process that holds one DuckDB file: jailed, without secrets, ended when its parent is.

Started by exec as `python -I -c …` (see `duckdb_process.py`). Over the control socket it receives
channels as file descriptors; each channel gets a thread that answers one request at a time. A frame
is a 32-bit length, then the bytes; a request is pickled by the parent, an answer is JSON and rows.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import orjson

from engine.jail import confine_service
from storage.targets.duckdb_session import (
    Answer,
    DuckDbSession,
    StatementError,
    open_database,
)

LENGTH = struct.Struct("!I")
CHANNEL = struct.Struct("!cI")
OPEN, INTERRUPT = b"o", b"i"

_JSON_REPORT = re.compile(r"\{.*\}\s*$", re.DOTALL)
_QUOTED = re.compile(r"'[^\n]*'|\"[^\n]*\"")
_SYSTEM_FILES = (Path("/proc"), Path("/sys/fs/cgroup"), Path("/usr/share/zoneinfo"))
_TARGETS_FAULT = (duckdb.InternalError, duckdb.IOException, duckdb.ConnectionException)
_DATA_HINT = "Compare the parameters' values and the rows with the types the statement needs."
_BROKEN = (duckdb.InternalException, duckdb.FatalException)


def main(control_fd: int, path: str, memory_mb: int, threads: int, temporary: str) -> None:
    """Open the file, report it, and serve until the control socket closes."""
    control = socket.socket(fileno=control_fd)
    file, scratch = Path(path), Path(temporary)
    try:
        # Before DuckDB starts its threads: Landlock does not reach those that run already.
        missing_walls = _confine(file, scratch)
        connection = open_database(file, memory_mb=memory_mb, threads=threads, temporary=scratch)
    except (duckdb.Error, OSError) as error:
        control.sendall(orjson.dumps(failure(error)))
        return
    control.sendall(orjson.dumps({"missing_walls": missing_walls}))
    _Server(control, DuckDbSession(connection)).run()


def _confine(file: Path, scratch: Path) -> tuple[str, ...]:
    if sys.platform != "linux":
        return (f"no operating-system jail on {sys.platform}",)
    libraries = [Path(entry) for entry in sys.path if Path(entry).is_dir()]
    return confine_service(
        read_only=[file.parent, *libraries, *filter(Path.exists, _SYSTEM_FILES)],
        read_write=[scratch],
    ).why


class _Server:
    def __init__(self, control: socket.socket, session: DuckDbSession) -> None:
        self._control = control
        self._session = session
        self._running: dict[int, duckdb.DuckDBPyConnection] = {}

    def run(self) -> None:
        """Obey the parent until it closes the socket, which its own end does too."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._control, CHANNEL.size, 1)
            if not message:
                os._exit(0)
            kind, number = CHANNEL.unpack(message)
            if kind == OPEN:
                channel = socket.socket(fileno=descriptors[0])
                threading.Thread(target=self._serve, args=(number, channel), daemon=True).start()
            elif kind == INTERRUPT and number in self._running:
                self._running[number].interrupt()

    def _serve(self, number: int, channel: socket.socket) -> None:
        with channel, suppress(ConnectionError):  # a parent that wants no more closes its end
            while (request := read_frame(channel)) is not None:
                for head, rows in self._answers(number, pickle.loads(request)):  # noqa: S301  # the parent's
                    write_frames(channel, orjson.dumps(head), rows)
                    if head.get("error") == "broken":
                        os._exit(1)

    def _answers(self, number: int, request: Mapping[str, Any]) -> Iterator[Answer]:
        """The answer to a request: one, or for `stream` one after another."""
        arguments = dict(request)
        operation = getattr(self._session, arguments.pop("operation"))
        try:
            cursor = self._session.cursor(arguments.pop("timeout_ms"))
            self._running[number] = cursor
            try:
                answer = operation(cursor, **arguments)
                if isinstance(answer, tuple):
                    yield answer
                else:
                    yield from answer
            finally:
                del self._running[number]
                cursor.close()
        except Exception as error:  # noqa: BLE001  # the boundary of this process
            yield failure(error), b""


def failure(error: BaseException) -> dict[str, Any]:
    """A failure as a value: its kind, a message without values, a byte position where known.

    Kinds: `timeout`; `query`, the statement's or its values' fault; `target`, the database's;
    `broken`, after which this process is of no use.
    """
    cause, offset = (error.cause, error.offset) if isinstance(error, StatementError) else (error, 0)
    report = _report(cause)
    message, _, hint = str(report.get("exception_message", cause)).partition("\n")
    if isinstance(cause, duckdb.DataError):
        message, hint = _QUOTED.sub("…", message), _DATA_HINT
    position = int(report["position"]) - offset if "position" in report else -1
    return {
        "error": _kind(cause),
        "type": type(cause).__name__.removesuffix("Exception"),
        "message": message,
        "hint": hint,
        "position": position if position >= 0 else None,
    }


def _kind(error: BaseException) -> str:
    if isinstance(error, duckdb.InterruptException):
        return "timeout"
    if isinstance(error, _BROKEN):
        return "broken"
    if isinstance(error, _TARGETS_FAULT) or not isinstance(error, duckdb.Error):
        return "target"
    return "query"


def _report(error: BaseException) -> dict[str, Any]:
    """The JSON that DuckDB puts into its messages (`errors_as_json`)."""
    found = _JSON_REPORT.search(str(error))
    try:
        return dict(json.loads(found[0])) if found else {}
    except ValueError:
        return {}


def read_frame(channel: socket.socket) -> bytes | None:
    """One frame, or None at the end of the stream."""
    header = _read_exactly(channel, LENGTH.size)
    if header is None:
        return None
    return _read_exactly(channel, LENGTH.unpack(header)[0])


def write_frames(channel: socket.socket, *bodies: bytes) -> None:
    """Send frames together."""
    channel.sendall(b"".join(LENGTH.pack(len(body)) + body for body in bodies))


def _read_exactly(channel: socket.socket, size: int) -> bytes | None:
    buffer = bytearray(size)
    view = memoryview(buffer)
    while view:
        count = channel.recv_into(view)
        if not count:
            return None
        view = view[count:]
    return bytes(buffer)

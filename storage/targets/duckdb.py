"""A DuckDB file as a query target: read-only, in a jailed worker process of its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import orjson

from engine.deadline import Deadline
from engine.errors import (
    DeadlineExceededError,
    QueryFailedError,
    TargetError,
    TargetTransientError,
    TargetUnavailableError,
)
from engine.model import Column
from engine.ports import (
    BoundQuery,
    Description,
    Dialect,
    FetchedRows,
    FunctionInfo,
    RowSink,
    TableInfo,
)
from storage.targets.declared_keys import DeclaredKeys
from storage.targets.duckdb_process import DuckDbProcess

_CATALOG_TIMEOUT_S = 10.0


class DuckDbTarget:
    """Runs statements in one worker process, started at the first use and again when it ended.

    When the file is replaced on disk, the next call starts a worker on the new one, while calls
    under way finish on the old. Thread-safe.
    """

    dialect: ClassVar[Dialect] = "duckdb"

    def __init__(self, path: Path, *, memory_mb: int = 512, threads: int = 2) -> None:
        self._path = path
        self._memory_mb = memory_mb
        self._threads = threads
        self._lock = threading.Lock()
        self._process: DuckDbProcess | None = None
        self._opened: tuple[int, int, int] | None = None

    def fetch(self, query: BoundQuery, *, max_rows: int, deadline: Deadline) -> FetchedRows:
        """Run a statement; see `QueryTarget.fetch`."""
        answer, rows = self._call(
            deadline,
            operation="fetch",
            sql=query.sql,
            values=[_bindable(value) for value in query.values],
            max_rows=max_rows,
        )
        return FetchedRows(
            columns=_columns(answer["columns"]),
            rows_json=rows,
            row_count=answer["row_count"],
            truncated=answer["truncated"],
        )

    def stream(
        self, query: BoundQuery, sink: RowSink, *, max_rows: int, deadline: Deadline
    ) -> bool:
        """Run a statement and hand its rows on; see `QueryTarget.stream`."""
        request = {
            "operation": "stream",
            "sql": query.sql,
            "values": [_bindable(value) for value in query.values],
            "max_rows": max_rows,
        }

        def take(answer: dict[str, Any], rows: bytes) -> None:
            if "columns" in answer:
                sink.begin(_columns(answer["columns"]))
            else:
                sink.add(rows, answer["row_count"])

        worker = self._worker()
        deadline.check("the statement")
        end = worker.stream(request, deadline, take)
        if "error" in end:
            _fail(end, query.sql, deadline, self._path)
        return bool(end["truncated"])

    def describe(self, sql: str) -> Description:
        """Parameter types and columns, running nothing; see `QueryTarget.describe`."""
        answer, _ = self._call(Deadline.after(_CATALOG_TIMEOUT_S), operation="describe", sql=sql)
        return Description(tuple(answer["param_types"]), _columns(answer["columns"]))

    def explain(self, query: BoundQuery, *, deadline: Deadline) -> str:
        """The plan as text."""
        answer, _ = self._call(
            deadline,
            operation="explain",
            sql=query.sql,
            values=[_bindable(value) for value in query.values],
        )
        return str(answer["plan"])

    def schema(self) -> tuple[TableInfo, ...]:
        """Tables and views, by schema and name."""
        answer, _ = self._call(Deadline.after(_CATALOG_TIMEOUT_S), operation="schema")
        columns = {
            key: _columns([(name, sql_type) for _, _, name, sql_type in rows])
            for key, rows in groupby(answer["columns"], key=lambda row: (row[0], row[1]))
        }
        keys = DeclaredKeys.of_rows(answer["keys"])
        return tuple(
            TableInfo(
                schema,
                name,
                kind,
                columns.get((schema, name), ()),
                estimate,
                keys.primary.get((schema, name), ()),
                keys.foreign.get((schema, name), ()),
            )
            for schema, name, kind, estimate in answer["tables"]
        )

    def functions(self) -> tuple[FunctionInfo, ...]:
        """Functions and macros, those of the file included."""
        answer, _ = self._call(Deadline.after(_CATALOG_TIMEOUT_S), operation="functions")
        return tuple(
            FunctionInfo(
                name, returns_rows_only=kind in {"table", "table_macro"}, built_in=built_in
            )
            for name, kind, built_in in answer["functions"]
        )

    def audit(self) -> tuple[str, ...]:
        """Which walls of the operating system are missing around the worker."""
        missing = self._worker().missing_walls
        return tuple(f"the DuckDB worker runs without a wall: {wall}" for wall in missing)

    def ping(self) -> None:
        """Raise TargetUnavailableError when the file cannot be queried."""
        try:
            self._call(Deadline.after(_CATALOG_TIMEOUT_S), operation="ping")
        except (DeadlineExceededError, TargetTransientError) as error:
            raise TargetUnavailableError(f"the DuckDB file {self._path} does not answer") from error

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.kill()

    def _call(self, deadline: Deadline, **request: Any) -> tuple[dict[str, Any], bytes]:
        worker = self._worker()
        deadline.check("the statement")
        answer, rows = worker.call(request, deadline)
        if "error" in answer:
            _fail(answer, str(request.get("sql", "")), deadline, self._path)
        return answer, rows

    def _worker(self) -> DuckDbProcess:
        identity = self._identity()
        with self._lock:
            process = self._process
            if process and process.is_alive and identity == self._opened:
                return process
            if process:
                process.retire()
            self._process = None
            self._process = DuckDbProcess(
                self._path, memory_mb=self._memory_mb, threads=self._threads
            )
            self._opened = identity
            return self._process

    def _identity(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise TargetUnavailableError(
                f"the DuckDB file {self._path} cannot be read: {error.strerror}",
                hint="Check the path of the connection, and the rights of the file.",
            ) from error
        return found.st_ino, found.st_mtime_ns, found.st_size


def _fail(answer: Mapping[str, Any], sql: str, deadline: Deadline, path: Path) -> NoReturn:
    message, hint = answer["message"], answer.get("hint") or None
    if answer["error"] == "timeout":
        raise DeadlineExceededError(f"the statement did not finish within {deadline.budget_s:g} s")
    if answer["error"] == "query":
        raise QueryFailedError(
            message, details=_place(sql, answer["position"]) | {"kind": answer["type"]}, hint=hint
        )
    if answer["error"] == "broken":
        raise TargetTransientError(f"DuckDB failed on {path} and is started again: {message}")
    raise TargetError(f"DuckDB failed on {path}: {message}")


def _place(sql: str, position: int | None) -> dict[str, Any]:
    """Line and column, from 1, of a position in UTF-8 bytes."""
    if position is None:
        return {}
    before = sql.encode()[:position].decode(errors="ignore")
    return {"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")}


def _bindable(value: Any) -> Any:
    """Objects go as JSON text, which `->` and `::json` take; lists of objects likewise."""
    if isinstance(value, dict) or (isinstance(value, list) and any(map(_is_nested, value))):
        return orjson.dumps(value, default=str).decode()
    return value


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict)


def _columns(pairs: list[tuple[str, str]]) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=sql_type) for name, sql_type in pairs)

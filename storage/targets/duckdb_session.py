"""One DuckDB database opened behind its walls, and the operations a target needs of it.

Runs inside the worker process (`duckdb_worker.py`) and knows plain Python and DuckDB only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from storage.targets.duckdb_probe import stand_ins_of
from storage.targets.duckdb_types import Wire, wire_of
from storage.targets.encoding import Convert, encode_rows

Answer = tuple[dict[str, Any], bytes]

_SHAPES_KEPT = 512
_ROWS_AT_ONCE = 2000

_FUNCTIONS = """
select distinct lower(function_name), function_type, coalesce(database_name, '') = 'system'
from duckdb_functions() where function_type <> 'pragma'
"""
_TABLES = """
select schema_name, table_name, 'table', estimated_size from duckdb_tables() where not internal
union all
select schema_name, view_name, 'view', null from duckdb_views() where not internal
order by 1, 2
"""
_COLUMNS = """
select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal
order by schema_name, table_name, column_index
"""
_KEYS = """
select schema_name, table_name, constraint_type = 'PRIMARY KEY', constraint_column_names,
       schema_name, referenced_table, referenced_column_names
from duckdb_constraints() where constraint_type in ('PRIMARY KEY', 'FOREIGN KEY')
order by schema_name, table_name, constraint_index
"""


@dataclass(frozen=True)
class Shape:
    """A statement's columns and how each is fetched."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    wires: tuple[Wire, ...]

    @cached_property
    def columns(self) -> list[tuple[str, str]]:
        """Names with types."""
        return list(zip(self.names, self.types, strict=True))

    @cached_property
    def converters(self) -> dict[int, Convert]:
        """What makes values JSON-able, by column."""
        return {index: wire.convert for index, wire in enumerate(self.wires) if wire.convert}

    @cached_property
    def around(self) -> tuple[str, str]:
        """What stands before and after the statement, up to the number of its row cap.

        Columns that leave as text are cast. DuckDB keeps a subquery's order under a projection and
        a limit (`preserve_insertion_order`).
        """
        if list(self.types) == [wire.sql_type for wire in self.wires]:
            return "select * from (\n", "\n) as _q limit "
        selected = ", ".join(
            f"c{index}::{wire.sql_type}" if wire.sql_type != name else f"c{index}"
            for index, (name, wire) in enumerate(zip(self.types, self.wires, strict=True))
        )
        aliases = ", ".join(f"c{index}" for index in range(len(self.names)))
        # The types are DuckDB's own names and the columns are numbered: nothing of the caller's.
        return f"select {selected} from (\n", f"\n) as _q({aliases}) limit "  # noqa: S608


def open_database(
    path: Path, *, memory_mb: int, threads: int, temporary: Path
) -> duckdb.DuckDBPyConnection:
    """Open a file read-only, with nothing outside of it in reach and every setting locked.

    `errors_as_json` gives positions; `python_enable_replacements` would let a statement read the
    variables of this process by name.
    """
    connection = duckdb.connect(
        path,
        read_only=True,
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "temp_directory": str(temporary),
            "max_temp_directory_size": f"{4 * memory_mb}MB",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "errors_as_json": "true",
        },
    )
    connection.execute("SET allowed_configs=['max_execution_time', 'explain_output']")
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")
    return connection


class StatementError(Exception):
    """A statement failed inside the text it was wrapped in, `offset` bytes from its start."""

    def __init__(self, cause: duckdb.Error, offset: int) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.offset = offset


class DuckDbSession:
    """The operations on one open database.

    Each takes a cursor of the calling thread and returns what is known of the answer and, for
    `fetch`, the rows as JSON.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._shapes: dict[tuple[Any, ...], Shape] = {}

    def cursor(self, timeout_ms: int) -> duckdb.DuckDBPyConnection:
        """A cursor whose statements DuckDB itself ends after `timeout_ms`."""
        cursor = self._connection.cursor()
        cursor.execute(f"SET max_execution_time={max(1, timeout_ms)}")
        return cursor

    def fetch(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any], max_rows: int
    ) -> Answer:
        """Run a statement and encode at most `max_rows` of its rows."""
        shape = self._known_shape(cursor, sql, values)
        start, end = shape.around
        _execute(cursor, start, sql, f"{end}{int(max_rows) + 1}", values)
        rows = cursor.fetchall()
        answer = {
            "columns": shape.columns,
            "row_count": min(len(rows), max_rows),
            "truncated": len(rows) > max_rows,
        }
        return answer, encode_rows(shape.names, rows[:max_rows], shape.converters)

    def stream(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any], max_rows: int
    ) -> Iterator[Answer]:
        """Run a statement: its columns, its rows in batches, and at the `end` what is left."""
        shape = self._known_shape(cursor, sql, values)
        start, end = shape.around
        _execute(cursor, start, sql, f"{end}{int(max_rows) + 1}", values)
        yield {"columns": shape.columns}, b""
        left = max_rows
        while left and (rows := cursor.fetchmany(min(left, _ROWS_AT_ONCE))):
            left -= len(rows)
            yield {"row_count": len(rows)}, encode_rows(shape.names, rows, shape.converters)
        yield {"end": True, "truncated": not left and bool(cursor.fetchmany(1))}, b""

    def describe(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> Answer:
        """Types of the parameters in order, and columns, running nothing."""
        stand_ins = stand_ins_of(cursor, sql)
        try:
            shape = _shape_of(cursor, sql, [value for _, value in stand_ins])
        except StatementError as error:
            if not isinstance(error.cause, duckdb.BinderException):
                raise
            # A guessed type did not fit; NULL fits everywhere, but leaves some columns untyped.
            shape = _shape_of(cursor, sql, [None] * len(stand_ins))
        param_types = [name for name, _ in stand_ins]
        return {"param_types": param_types, "columns": shape.columns}, b""

    def explain(self, cursor: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any]) -> Answer:
        """The plan as text."""
        plans = _execute(cursor, "explain ", sql, "", values).fetchall()
        return {"plan": "\n".join(text for _, text in plans)}, b""

    def schema(self, cursor: duckdb.DuckDBPyConnection) -> Answer:
        """Tables, views, their columns and their keys."""
        statements = {"tables": _TABLES, "columns": _COLUMNS, "keys": _KEYS}
        return {name: cursor.execute(sql).fetchall() for name, sql in statements.items()}, b""

    def functions(self, cursor: duckdb.DuckDBPyConnection) -> Answer:
        """Every function: its name, its type, and whether it is built in."""
        return {"functions": cursor.execute(_FUNCTIONS).fetchall()}, b""

    def ping(self, cursor: duckdb.DuckDBPyConnection) -> Answer:
        """Nothing, when the database answers."""
        cursor.execute("select 1").fetchall()
        return {}, b""

    def _known_shape(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any]
    ) -> Shape:
        if any(isinstance(value, Decimal | list) for value in values):
            # Their SQL types depend on the very value: DECIMAL(3,2), VARCHAR[].
            return _shape_of(cursor, sql, values)
        key = (sql, *map(_kind_of_value, values))
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= _SHAPES_KEPT:
                self._shapes.clear()
            shape = self._shapes[key] = _shape_of(cursor, sql, values)
        return shape


def _kind_of_value(value: Any) -> Any:
    """What decides the SQL type of a bound value: its class, and of integers the size."""
    if isinstance(value, int) and not isinstance(value, bool):
        return next((bits for bits in (31, 63, 127) if -(2**bits) <= value < 2**bits), 0)
    return type(value)


def _execute(
    cursor: duckdb.DuckDBPyConnection, start: str, sql: str, end: str, values: Sequence[Any]
) -> duckdb.DuckDBPyConnection:
    try:
        return cursor.execute(f"{start}{sql}{end}", list(values))
    except duckdb.Error as error:
        raise StatementError(error, len(start.encode())) from error


def _shape_of(cursor: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any]) -> Shape:
    _execute(cursor, "select * from (\n", sql, "\n) as _q limit 0", values)
    columns = cursor.description
    return Shape(
        names=tuple(column[0] for column in columns),
        types=tuple(str(column[1]) for column in columns),
        wires=tuple(wire_of(column[1]) for column in columns),
    )

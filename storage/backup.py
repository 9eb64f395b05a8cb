"""Writes the metadata to a file and reads it back, the same for SQLite and PostgreSQL.

The file is gzip of JSON lines: a header, one line a row, and a last line with the counts, so that a
file that was cut is noticed. Values that JSON has no word for are written by their column's type.
"""

from __future__ import annotations

import base64
import gzip
import os
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from alembic.migration import MigrationContext
from sqlalchemy import Connection, LargeBinary, Table, Uuid, delete, func, insert, select

from engine.errors import BadRequestError, ConflictError
from storage.columns import UtcDateTime
from storage.database import Database
from storage.sealed import current_fingerprint
from storage.tables import (
    ExecutionRow,
    JobRow,
    JobWorkerRow,
    LeaseRow,
    RollupRow,
    Row,
    SessionRow,
    table_of,
)

FORMAT = "api-engine backup 1"
_BATCH = 1_000
_PASSING = frozenset(table_of(row).name for row in (LeaseRow, SessionRow, JobRow, JobWorkerRow))
"""What means nothing in another place or at another time: it is neither kept nor brought back."""
_LOG = frozenset(table_of(row).name for row in (ExecutionRow, RollupRow))


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself."""

    schema: str
    made_at: str
    instance_key: str | None


def write_backup(database: Database, file: Path, *, with_log: bool = True) -> dict[str, int]:
    """Write the metadata as of one moment; how many rows of each table.

    The file appears whole or not at all, readable by its user alone. Writers go on meanwhile.

    Args:
        database: What is kept.
        file: Where; it is replaced.
        with_log: Also the execution log and its sums, which may be most of it.
    """
    draft = file.with_name(f"{file.name}.part")
    left_out = _PASSING if with_log else _PASSING | _LOG
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with draft.open("wb") as raw:
            with (
                gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=5, mtime=0) as packed,
                database.snapshot() as connection,
            ):
                counts = _write(connection, packed, left_out)
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(file)
    except OSError as error:
        raise BadRequestError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return counts


def read_header(file: Path) -> Header:
    """What a backup says of itself; raises BadRequestError when it is none."""
    first = next(_lines(file), None)
    if not isinstance(first, dict) or first.get("format") != FORMAT:
        raise BadRequestError(f"{file} is no backup of this version of API Engine")
    return Header(first["schema"], first["made_at"], first["instance_key"])


def restore_backup(database: Database, file: Path, *, replace: bool = False) -> dict[str, int]:
    """Bring back what a backup holds, in one transaction; how many rows of each table.

    Args:
        database: At the current schema.
        file: The backup.
        replace: What is there already is deleted, instead of refusing.

    Raises:
        BadRequestError: It is no backup, was cut or damaged, or is of another schema.
        ConflictError: There is something already.
    """
    header = read_header(file)
    with database.write_through() as connection:
        schema = MigrationContext.configure(connection).get_current_revision()
        if schema != header.schema:
            raise BadRequestError(
                f"{file} is of schema {header.schema}, this version of API Engine has {schema}",
                hint="Restore it with the version that made it, then upgrade.",
            )
        if not replace:
            _refuse_what_is_there(connection, database)
        for table in reversed(Row.metadata.sorted_tables):
            connection.execute(delete(table))
        counts = _read(connection, file)
        _continue_sequences(connection)
    return counts


def _write(
    connection: Connection, packed: gzip.GzipFile, left_out: frozenset[str]
) -> dict[str, int]:
    header = {
        "format": FORMAT,
        "schema": MigrationContext.configure(connection).get_current_revision(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "instance_key": current_fingerprint(connection, lock=False),
    }
    packed.write(orjson.dumps(header) + b"\n")
    counts: dict[str, int] = {}
    for table in Row.metadata.sorted_tables:
        name = str(table.name)  # a subclass of str that is no key of JSON
        if name in left_out:
            continue
        counts[name] = 0
        rows = connection.execution_options(yield_per=_BATCH).execute(select(table)).mappings()
        for row in rows:
            values = {str(column): _written(value) for column, value in row.items()}
            packed.write(orjson.dumps([name, values]) + b"\n")
            counts[name] += 1
    packed.write(orjson.dumps({"rows": counts}) + b"\n")
    return counts


def _read(connection: Connection, file: Path) -> dict[str, int]:
    tables = {table.name: table for table in Row.metadata.sorted_tables}
    counts: Counter[str] = Counter()
    lines = _lines(file)
    next(lines)
    last: Any = None
    while batch := list(islice(lines, _BATCH)):
        if isinstance(batch[-1], dict):
            last = batch.pop()
        for name, rows in _by_table(batch):
            if name not in tables:
                raise BadRequestError(f"{file} has rows of {name[:80]!r}, which is no table")
            table = tables[name]
            connection.execute(insert(table), [_values(table, row) for row in rows])
            counts[name] += len(rows)
    if not isinstance(last, dict) or Counter(last["rows"]) != counts:
        raise BadRequestError(f"{file} was cut: it does not hold as many rows as it should")
    return dict(last["rows"])


def _by_table(lines: Iterable[Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Rows that follow each other and are of one table."""
    name, rows = "", list[Mapping[str, Any]]()
    for table, values in lines:
        if table != name and rows:
            yield name, rows
            rows = []
        name = table
        rows.append(values)
    if rows:
        yield name, rows


def _lines(file: Path) -> Iterator[Any]:
    """The lines of a backup, parsed; raises BadRequestError where it is none."""
    try:
        with gzip.open(file, "rb") as packed:
            for line in packed:
                yield orjson.loads(line)
    except FileNotFoundError as error:
        raise BadRequestError(f"there is no file {file}") from error
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise BadRequestError(f"{file} is damaged, or no backup") from error


def _refuse_what_is_there(connection: Connection, database: Database) -> None:
    for table in Row.metadata.sorted_tables:
        if connection.execute(select(select(table).exists())).scalar_one():
            raise ConflictError(
                f"{database.name} is not empty: it has rows in {table.name}",
                hint="Restore into an instance that was never started, or replace what is there "
                "with --force.",
            )


def _continue_sequences(connection: Connection) -> None:
    """Let PostgreSQL number on behind the rows that came with their numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in Row.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None or column.foreign_keys:
            continue
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        highest = connection.execute(select(func.max(column))).scalar_one()
        if highest is not None:
            connection.execute(select(func.setval(sequence, highest)))


def _written(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _values(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_stored(table, name, value) for name, value in row.items()}


def _as_stored(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, Uuid):
        return UUID(value)
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return value

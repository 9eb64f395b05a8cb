"""Writes many rows at once in the form that the database's driver takes fastest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class BatchInsert:
    """An insert into given columns of a table, compiled once.

    SQLAlchemy prepares each row of a batch by itself, which costs as much as storing it. Here the
    values of a column are converted together, by SQLAlchemy's own converters, and the driver gets
    plain tuples.
    """

    sql: str
    names: tuple[str, ...]
    converters: tuple[Convert | None, ...]

    @classmethod
    def of(
        cls,
        table: Table,
        statement: sqlite.Insert | postgresql.Insert,
        names: Iterable[str],
        dialect: Dialect,
    ) -> BatchInsert:
        """A statement that inserts into the table, for the columns of these names."""
        compiled = statement.compile(dialect=_by_position(dialect), column_keys=list(names))
        ordered = tuple(compiled.positiontup or ())
        return cls(
            sql=str(compiled),
            names=ordered,
            converters=tuple(
                table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in ordered
            ),
        )

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Insert rows in this order; how many the database inserted or changed."""
        columns = [
            [row[name] for row in rows] if convert is None else [convert(row[name]) for row in rows]
            for name, convert in zip(self.names, self.converters, strict=True)
        ]
        values = list(zip(*columns, strict=True))
        return connection.exec_driver_sql(self.sql, values).rowcount


def _by_position(dialect: Dialect) -> Dialect:
    """The dialect with parameters that have a place and no name."""
    if dialect.name != "postgresql":
        return dialect
    return PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]  # SQLAlchemy's

"""Query targets: the databases that statements are run against, read-only in depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from engine.deadline import Deadline
from engine.model import (
    Column,
)

Dialect = Literal["duckdb", "postgres"]


@dataclass(frozen=True)
class BoundQuery:
    """A guarded statement with `$1`-style placeholders and their values in order."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class FetchedRows:
    """Rows as encoded JSON: an array of objects, by the rules of `docs/types.md`."""

    columns: tuple[Column, ...]
    rows_json: bytes
    row_count: int
    truncated: bool


class RowSink(Protocol):
    """Takes the rows of one statement as they arrive."""

    def begin(self, columns: tuple[Column, ...]) -> None:
        """The columns; called once, before any row."""
        ...

    def add(self, rows_json: bytes, row_count: int) -> None:
        """Some rows, as a JSON array of objects that is not empty; raises EngineError."""
        ...


@dataclass(frozen=True)
class Description:
    """What a target says of a statement without running it: parameter types in order, columns."""

    param_types: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class ForeignKey:
    """Columns of a table that name a row of another, as the target declares it."""

    columns: tuple[str, ...]
    schema: str
    table: str
    referenced: tuple[str, ...]


@dataclass(frozen=True)
class TableInfo:
    """One table or view of a target.

    Attributes:
        row_estimate: None where the target does not say.
        primary_key: The columns of the declared key; empty where none is.
    """

    schema: str
    name: str
    kind: Literal["table", "view"]
    columns: tuple[Column, ...]
    row_estimate: int | None = None
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """One function as a target's catalogue knows it; overloads are several.

    Attributes:
        name: In lower case.
        returns_rows_only: It stands in FROM only (DuckDB's table functions).
        built_in: It came with the database, not with its users.
        volatile: It may change something, or its result changes within a statement.
        trusted: It runs with the caller's rights, in a language that reaches nothing else.
        unary: It can be called with one argument, so also as `(value).name`.
    """

    name: str
    returns_rows_only: bool = False
    built_in: bool = True
    volatile: bool = False
    trusted: bool = True
    unary: bool = True


class QueryTarget(Protocol):
    """A database that statements are run against, read-only in depth."""

    dialect: ClassVar[Dialect]

    def fetch(self, query: BoundQuery, *, max_rows: int, deadline: Deadline) -> FetchedRows:
        """Run a statement; at most `max_rows` rows, one more is asked for to know `truncated`.

        Raises:
            QueryFailedError: The statement is wrong; line and column where known.
            DeadlineExceededError: The target was stopped at the deadline.
            TargetUnavailableError, TargetTransientError: Trying again may help.
        """
        ...

    def stream(
        self, query: BoundQuery, sink: RowSink, *, max_rows: int, deadline: Deadline
    ) -> bool:
        """Run a statement as `fetch` does and hand its rows on in batches; whether more are left.

        Memory holds one batch, here and in the target's own process. What the sink raises ends the
        statement.
        """
        ...

    def describe(self, sql: str) -> Description:
        """Ask for parameter types and columns of a `$n` statement without running it."""
        ...

    def explain(self, query: BoundQuery, *, deadline: Deadline) -> str:
        """The target's plan of a statement, as text."""
        ...

    def schema(self) -> tuple[TableInfo, ...]:
        """Tables and views an analyst may read."""
        ...

    def functions(self) -> tuple[FunctionInfo, ...]:
        """Every function a statement could call; which ones it may, the guard decides."""
        ...

    def audit(self) -> tuple[str, ...]:
        """What is dangerous about this connection (superuser role, …), in words."""
        ...

    def ping(self) -> None:
        """Raise TargetUnavailableError when the target cannot answer."""
        ...

    def close(self) -> None:
        """Release connections and processes."""
        ...

"""Column types and SQL constructs that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, in UTC on the way in and out; a naive one is refused with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> datetime | None:
        """Refuse a naive time, for nobody can say which moment it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> datetime | None:
        """SQLite keeps no time zone; what it gives back was stored as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class json_text_of(GenericFunction[str]):  # noqa: N801 - named as it appears in SQL
    """The JSON text of a member of a JSON object, `"JFK"` or `20`; NULL when there is none."""

    type = Text()
    inherit_cache = True


@compiles(json_text_of, "sqlite")
def _member_in_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    document, name = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({document} -> {name})"


@compiles(json_text_of, "postgresql")
def _member_in_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    document, name = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({document} -> CAST({name} AS text))::text"


class json_array_contains(GenericFunction[bool]):  # noqa: N801 - named as it appears in SQL
    """Whether a JSON array of texts has this text as an element."""

    type = Boolean()
    inherit_cache = True


@compiles(json_array_contains, "sqlite")
def _contains_in_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    array, text = (compiler.process(clause, **options) for clause in element.clauses)
    members = f"SELECT 1 FROM json_each({array}) WHERE json_each.value = {text}"  # noqa: S608 - compiled
    return f"EXISTS ({members})"


@compiles(json_array_contains, "postgresql")
def _contains_in_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    array, text = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({array})::jsonb @> jsonb_build_array(CAST({text} AS text))"

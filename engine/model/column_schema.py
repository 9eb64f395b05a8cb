"""Columns as JSON Schema: which JSON values a column of a type can have, by `docs/types.md`."""

from collections.abc import Collection, Sequence
from typing import Any

from engine.model.execution import Column
from engine.model.sql_types import SqlType, parse_type

_WHOLE = frozenset({"tinyint", "smallint", "integer", "utinyint", "usmallint", "uinteger", "oid"})
_WIDE = frozenset({"bigint", "ubigint", "hugeint", "uhugeint", "bignum"})
_FRACTION = frozenset({"decimal", "numeric", "float", "real", "double", "double precision"})
_TEXT = frozenset(
    {
        "varchar", "text", "character varying", "character", "name", "blob", "bytea", "bit", "uuid",
        "date", "time", "time_ns", "time with time zone", "time without time zone", "timestamp",
        "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone",
        "timestamp without time zone", "timestamptz_ns", "interval", "enum", "money",
    }
)  # fmt: skip


def table_schema(columns: Sequence[Column], masked: Collection[str] = ()) -> dict[str, Any]:
    """The JSON Schema of a tabular answer with these columns.

    A column in `masked` may be absent or hidden, depending on the caller.
    """
    row = {
        "type": "object",
        "properties": {
            each.name: {} if each.name in masked else column_schema(each.type, flat=bool(masked))
            for each in columns
        },
        "required": [each.name for each in columns if each.name not in masked],
    }
    described = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
        "required": ["name", "type"],
    }
    return {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": described},
            "rows": {"type": "array", "items": row},
            "row_count": {"type": "integer"},
            "truncated": {"type": "boolean"},
        },
        "required": ["columns", "rows", "row_count", "truncated"],
    }


def column_schema(type_name: str, *, flat: bool = False) -> dict[str, Any]:
    """The JSON Schema of a column's values, NULL included; `{}` where nothing is certain.

    No `format` is claimed: `infinity` is a date to both databases. With `flat` nothing is said of
    what stands inside a nested value.
    """
    schema = _schema(parse_type(type_name), flat=flat)
    return {**schema, "x-sql-type": type_name}


def _schema(sql_type: SqlType, *, flat: bool) -> dict[str, Any]:
    base = sql_type.base
    if base == "boolean":
        return _nullable("boolean")
    if base in _WHOLE:
        return _nullable("integer")
    if base in _WIDE:
        return _nullable("integer", "string")
    if base in _FRACTION:
        return _nullable("number", "string")
    if base in _TEXT:
        return _nullable("string")
    if base == "list":
        return _nullable("array") | _items(sql_type.children[0], flat=flat)
    if base == "struct":
        return _nullable("object") | _fields(sql_type, flat=flat)
    if base == "tuple":
        return _nullable("array")
    return {}


def _items(child: SqlType, *, flat: bool) -> dict[str, Any]:
    """PostgreSQL names no dimensions: what is a list of numbers may be a list of lists."""
    schema = {} if flat else _schema(child, flat=flat)
    return {"items": schema | {"type": [*schema["type"], "array"]}} if schema else {"items": {}}


def _fields(sql_type: SqlType, *, flat: bool) -> dict[str, Any]:
    if flat:
        return {}
    pairs = zip(sql_type.names, sql_type.children, strict=True)
    return {"properties": {name: _schema(child, flat=False) for name, child in pairs}}


def _nullable(*types: str) -> dict[str, Any]:
    return {"type": [*types, "null"]}

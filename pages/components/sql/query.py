"""The question that the visual builder asks, as one dict; SQL is made from it, never read back."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from engine.ports import TableInfo

Kind = Literal["number", "text", "time", "boolean", "other"]
Match = Literal["all", "any"]
Function = Literal["count", "count distinct", "sum", "avg", "min", "max"]
Ref = tuple[str, str]
"""A column: the name of its table, and its own."""

Catalog = Mapping[str, Mapping[str, str]]
"""Types of columns by name, by the name of their table as statements write it."""

_NUMBERS = ("INT", "DOUBLE", "FLOAT", "REAL", "DECIMAL", "NUMERIC", "SERIAL")
_OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "number": ("=", "≠", "<", "≤", ">", "≥", "between", "in", "is empty", "is not empty"),
    "text": ("=", "≠", "contains", "starts with", "in", "is empty", "is not empty"),
    "time": ("≥", "<", "between", "=", "is empty", "is not empty"),
    "boolean": ("is true", "is false", "is empty", "is not empty"),
    "other": ("is empty", "is not empty"),
}
WITHOUT_VALUE = frozenset({"is empty", "is not empty", "is true", "is false"})


class Join(TypedDict):
    """A table brought in: every pair of `on` is a column before it, and one of its own."""

    table: str
    kind: Literal["inner", "left"]
    on: list[tuple[Ref, str]]


class Measure(TypedDict):
    """A number per group; `column` None counts rows."""

    function: Function
    column: Ref | None
    name: str


class Condition(TypedDict):
    """A comparison; `values` are texts as typed: a value, `:name`, or nothing to require one."""

    column: Ref
    operator: str
    values: list[str]


class Group(TypedDict):
    """Conditions of which all or any must hold."""

    match: Match
    conditions: list[Condition]


class Sort(TypedDict):
    """An output column to sort by."""

    by: str
    descending: bool


class Query(TypedDict):
    """A whole question; of the groups all or any must hold."""

    table: str
    joins: list[Join]
    columns: list[Ref]
    measures: list[Measure]
    match: Match
    groups: list[Group]
    sort: list[Sort]
    limit: int


def new_query(table: str) -> Query:
    """Every column of a table, the first hundred rows."""
    return Query(
        table=table,
        joins=[],
        columns=[],
        measures=[],
        match="all",
        groups=[],
        sort=[],
        limit=100,
    )


def qualified(table: TableInfo) -> str:
    """A table's name as statements write it; the default schema goes without saying."""
    return table.name if table.schema in {"main", "public", ""} else f"{table.schema}.{table.name}"


def catalog_of(tables: Sequence[TableInfo]) -> dict[str, dict[str, str]]:
    """The tables of a connection as the builder looks them up."""
    return {
        qualified(table): {column.name: column.type for column in table.columns} for table in tables
    }


def kind_of(type_name: str) -> Kind:
    """What can be asked of a column of a type, by the target's name for it."""
    name = type_name.upper()
    if "[]" in name or name.startswith(("STRUCT", "MAP", "LIST", "JSON", "BLOB", "BYTEA")):
        return "other"
    if name.startswith("BOOL"):
        return "boolean"
    if name.startswith(("DATE", "TIMESTAMP")):
        return "time"
    if "INTERVAL" not in name and any(word in name for word in _NUMBERS):
        return "number"
    return "text" if "CHAR" in name or name in {"TEXT", "UUID", "STRING"} else "other"


def operators_for(type_name: str) -> tuple[str, ...]:
    """The comparisons offered for a column of a type."""
    return _OPERATORS[kind_of(type_name)]


def tables_of_query(query: Query) -> list[str]:
    """The tables a question is about, the first one first."""
    return [query["table"], *(join["table"] for join in query["joins"])]


def columns_of(query: Query, catalog: Catalog) -> list[Ref]:
    """The columns that can be asked for."""
    return [(table, name) for table in tables_of_query(query) for name in catalog.get(table, {})]


def is_known(query: Query, catalog: Catalog) -> bool:
    """Whether every table and column of a question is still there."""
    refs = [
        *query["columns"],
        *(each["column"] for each in query["measures"] if each["column"]),
        *(each["column"] for group in query["groups"] for each in group["conditions"]),
    ]
    return set(tables_of_query(query)) <= set(catalog) and set(refs) <= set(
        columns_of(query, catalog)
    )

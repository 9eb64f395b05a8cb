"""Compiles the visual builder's question to SQL with binds.

Nothing that was typed becomes part of the statement: values are defaults of parameters that the
statement names as `:name`, identifiers are quoted, and the rest is words of this module.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import BadRequestError
from pages.components.sql.query import (
    WITHOUT_VALUE,
    Catalog,
    Condition,
    Group,
    Join,
    Measure,
    Query,
    Ref,
    columns_of,
    kind_of,
)

MAX_LIMIT = 1_000_000
_PARAM = re.compile(r":([A-Za-z_][A-Za-z0-9_]{0,63})", re.ASCII)
_COMPARISONS: Mapping[str, str] = {
    "=": "{column} = {value}",
    "≠": "{column} <> {value}",
    "<": "{column} < {value}",
    "≤": "{column} <= {value}",
    ">": "{column} > {value}",
    "≥": "{column} >= {value}",
    "in": "{column} = ANY({value})",
    "contains": "strpos(lower({column}), lower({value})) > 0",
    "starts with": "starts_with(lower({column}), lower({value}))",
    "is empty": "{column} IS NULL",
    "is not empty": "{column} IS NOT NULL",
    "is true": "{column} IS TRUE",
    "is false": "{column} IS FALSE",
}
_FUNCTIONS: Mapping[str, str] = {
    "count": "count({column})",
    "count distinct": "count(DISTINCT {column})",
    "sum": "sum({column})",
    "avg": "avg({column})",
    "min": "min({column})",
    "max": "max({column})",
}


@dataclass(frozen=True)
class CompiledQuery:
    """A statement, and the parameters it names as a param schema."""

    sql: str
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def compile_query(query: Query, catalog: Catalog) -> CompiledQuery:
    """The statement that asks the question.

    Raises:
        BadRequestError: A column is in no table, or a value does not fit its column.
    """
    return _Compilation(query, catalog).compiled()


def output_names(query: Query, catalog: Catalog) -> list[str]:
    """The names of the answer's columns, each once."""
    names = dict(_outputs(query, catalog)).values()
    return list(dict.fromkeys([*names, *map(measure_name, query["measures"])]))


def measure_name(measure: Measure) -> str:
    """What a measure is called: as typed, else after what it measures."""
    if measure["name"].strip():
        return measure["name"].strip()
    words = [measure["function"].replace(" ", "_")]
    return "_".join([*words, measure["column"][1]] if measure["column"] else words)


def quoted(identifier: str) -> str:
    """An identifier that can be nothing else."""
    return '"' + identifier.replace('"', '""') + '"'


class _Compilation:
    """The compilation of one question; parameters are collected while clauses are written."""

    def __init__(self, query: Query, catalog: Catalog) -> None:
        self.query = query
        self.catalog = catalog
        self.params: dict[str, dict[str, Any]] = {}
        self.known = set(columns_of(query, catalog))

    def compiled(self) -> CompiledQuery:
        query = self.query
        clauses = [
            "SELECT " + (",\n       ".join(self._selected()) or "*"),
            f"FROM {_table(query['table'])}",
            *map(self._join, query["joins"]),
            self._where(),
            self._group_by(),
            self._order_by(),
            f"LIMIT {_limit(query['limit'])}",
        ]
        return CompiledQuery("\n".join(clause for clause in clauses if clause), self.params)

    def _selected(self) -> list[str]:
        outputs = _outputs(self.query, self.catalog) if self._picks else []
        columns = [
            self._column(ref) + (f" AS {quoted(name)}" if name != ref[1] else "")
            for ref, name in outputs
        ]
        return [*columns, *map(self._measure, self.query["measures"])]

    @property
    def _picks(self) -> bool:
        """Whether columns are named; without any, `*` stands for all of the only table."""
        return bool(self.query["columns"] or self.query["joins"])

    def _measure(self, measure: Measure) -> str:
        column = self._column(measure["column"]) if measure["column"] else "*"
        if column == "*" and measure["function"] != "count":
            raise BadRequestError(f"{measure['function']} needs a column")
        call = _FUNCTIONS[measure["function"]].format(column=column)
        return f"{call} AS {quoted(measure_name(measure))}"

    def _column(self, ref: Ref) -> str:
        if tuple(ref) not in self.known:
            raise BadRequestError(f"there is no column {ref[1]} in {ref[0]}")
        return f"{_table(ref[0])}.{quoted(ref[1])}" if self.query["joins"] else quoted(ref[1])

    def _join(self, join: Join) -> str:
        if not join["on"]:
            raise BadRequestError(f"choose the columns that {join['table']} is joined by")
        pairs = [
            f"{self._column(left)} = {self._column((join['table'], own))}"
            for left, own in join["on"]
        ]
        word = "LEFT JOIN" if join["kind"] == "left" else "JOIN"
        return f"{word} {_table(join['table'])} ON {' AND '.join(pairs)}"

    def _where(self) -> str:
        groups = [text for group in self.query["groups"] if (text := self._group(group))]
        glue = "\n   OR " if self.query["match"] == "any" else "\n  AND "
        if len(groups) == 1:
            return f"WHERE {groups[0]}"
        return "WHERE " + glue.join(f"({text})" for text in groups) if groups else ""

    def _group(self, group: Group) -> str:
        glue = " OR " if group["match"] == "any" else " AND "
        return glue.join(map(self._condition, group["conditions"]))

    def _condition(self, condition: Condition) -> str:
        column, operator = self._column(condition["column"]), condition["operator"]
        if operator in WITHOUT_VALUE:
            return _COMPARISONS[operator].format(column=column)
        values = [*condition["values"], "", ""]
        if operator == "between":
            low = self._bind(condition, values[0], "_from")
            return f"{column} BETWEEN {low} AND {self._bind(condition, values[1], '_to')}"
        return _COMPARISONS[operator].format(
            column=column, value=self._bind(condition, values[0], "")
        )

    def _bind(self, condition: Condition, text: str, suffix: str) -> str:
        table, name = condition["column"]
        spec = _spec(self.catalog[table][name], is_list=condition["operator"] == "in")
        named = _PARAM.fullmatch(text.strip())
        if named:
            self.params.setdefault(named[1], {**spec, "required": True})
            return f":{named[1]}"
        free = self._free_name(name + suffix)
        self.params[free] = (
            {**spec, "default": _value(text.strip(), spec, name)}
            if text.strip()
            else {**spec, "required": True}
        )
        return f":{free}"

    def _free_name(self, wish: str) -> str:
        name = re.sub(r"\W", "_", wish, flags=re.ASCII)[:60].lower()
        name = name if name[:1].isalpha() or name.startswith("_") else f"p_{name}"
        numbered = (f"{name}_{number}" for number in range(2, len(self.params) + 3))
        return next(free for free in (name, *numbered) if free not in self.params)

    def _group_by(self) -> str:
        columns = self.query["columns"]
        if not (columns and self.query["measures"]):
            return ""
        return "GROUP BY " + ", ".join(map(self._column, columns))

    def _order_by(self) -> str:
        names = output_names(self.query, self.catalog)
        terms = [
            quoted(sort["by"]) + (" DESC NULLS LAST" if sort["descending"] else "")
            for sort in self.query["sort"]
            if sort["by"] in names
        ]
        return "ORDER BY " + ", ".join(terms) if terms else ""


def _outputs(query: Query, catalog: Catalog) -> list[tuple[Ref, str]]:
    """The columns of the answer and their names; equal names of two tables are told apart."""
    measures = bool(query["measures"])
    refs = query["columns"] or ([] if measures else columns_of(query, catalog))
    names = [ref[1] for ref in refs]
    return [
        (ref, f"{ref[0].replace('.', '_')}_{ref[1]}" if names.count(ref[1]) > 1 else ref[1])
        for ref in refs
    ]


def _table(name: str) -> str:
    return ".".join(map(quoted, name.split(".", 1)))


def _limit(limit: int) -> int:
    return min(max(int(limit), 1), MAX_LIMIT)


def _spec(type_name: str, *, is_list: bool) -> dict[str, Any]:
    param_type = {"type": _param_type(type_name)}
    return {"type": "array", "items": param_type} if is_list else dict(param_type)


def _param_type(type_name: str) -> str:
    name, kind = type_name.upper(), kind_of(type_name)
    if kind == "time":
        return "date" if name == "DATE" else "datetime"
    if kind == "number":
        return "integer" if "INT" in name or "SERIAL" in name else "number"
    return "uuid" if name == "UUID" else "text"


def _value(text: str, spec: Mapping[str, Any], column: str) -> Any:
    if spec["type"] == "array":
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [_value(part, spec["items"], column) for part in parts]
    if spec["type"] not in {"integer", "number"}:
        return text
    try:
        return int(text) if spec["type"] == "integer" else float(json.loads(text))
    except (ValueError, TypeError) as error:
        kind = "a whole number" if spec["type"] == "integer" else "a number"
        raise BadRequestError(f"{column} is compared with {kind}, not with {text!r}") from error

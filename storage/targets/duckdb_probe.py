"""Finds the types of a statement's parameters by asking DuckDB to plan it with marked values.

DuckDB reports no parameter types, but casts a text parameter to what its place needs, and the plan
shows the cast: `d > $1` with `'zqz1zqz'` is planned as `d > CAST('zqz1zqz' AS DATE)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb

_TYPE = r"[A-Z][A-Z0-9_ ]*(?:\(\d+,\s*\d+\))?(?:\[\d*\])*"
_CAST = re.compile(rf"CAST\((\[?)'zqz(\d+)zqz'\]?(?: AS VARCHAR\[\]\))? AS ({_TYPE})\)")
_UNCAST = re.compile(r"Could not convert string 'zqz(\d+)zqz' to (\w+)")
_POSITION = re.compile(r'"position":"(\d+)"')
_MOMENT = datetime(2000, 1, 1)  # noqa: DTZ001  # DuckDB's TIMESTAMP has no zone
_SAMPLES: dict[str, Any] = {
    "DATE": date(2000, 1, 1),
    "TIME": time(0),
    "BOOLEAN": True,
    "DOUBLE": 0.5,
    "FLOAT": 0.5,
    "UUID": UUID(int=0),
    "VARCHAR": "a",
    "TIMESTAMP": _MOMENT,
    "TIMESTAMP WITH TIME ZONE": datetime(2000, 1, 1, tzinfo=UTC),
}
_INTEGERS = re.compile(r"^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\d*$")


def stand_ins_of(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, Any]]:
    """For each parameter its type and a value of it; VARCHAR where the statement leaves it open."""
    count = len(duckdb.extract_statements(sql)[0].named_parameters)
    values: list[Any] = [f"zqz{number}zqz" for number in range(1, count + 1)]
    if not count:
        return []
    cursor.execute("SET explain_output='all'")  # the optimizer may drop the casts looked for
    types: dict[int, str] = {}
    plan = _planned(cursor, sql, values, types)
    for marked_list, number, sql_type in _CAST.findall(plan):
        types.setdefault(int(number), _element_list(sql_type) if marked_list else sql_type)
    return [
        (types[number], _sample(types[number])) if number in types else _untyped(value)
        for number, value in enumerate(values, start=1)
    ]


def _planned(
    cursor: duckdb.DuckDBPyConnection, sql: str, values: list[Any], types: dict[int, str]
) -> str:
    """The plan with marked values, others in place of those DuckDB cannot plan with."""
    for _ in range(4 * len(values)):
        plan, problem = _plan(cursor, sql, values)
        if plan is not None:
            return plan
        uncast = _UNCAST.search(problem)
        if uncast:
            number = int(uncast[1])
            types[number] = "DOUBLE" if uncast[2] == "DOUBLE" else "BIGINT"
            values[number - 1] = 1
        elif not _change_one(cursor, sql, values, problem):
            break
    return ""


def _change_one(
    cursor: duckdb.DuckDBPyConnection, sql: str, values: list[Any], problem: str
) -> bool:
    """Replace one marked value so that the planner is done, or else gets past where it stopped."""
    further = None
    for index, marked in enumerate(values):
        for replacement in _replacements(marked):
            values[index] = replacement
            plan, other = _plan(cursor, sql, values)
            if plan is not None:
                return True
            if further is None and _place(other) != _place(problem):
                further = (index, replacement)
        values[index] = marked
    if further is not None:
        values[further[0]] = further[1]
    return further is not None


def _replacements(marked: Any) -> Sequence[Any]:
    return (1, _MOMENT, [marked], [1], [_MOMENT]) if isinstance(marked, str) else ()


def _place(problem: str) -> str | None:
    position = _POSITION.search(problem)
    return position and position[1]


def _plan(
    cursor: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any]
) -> tuple[str | None, str]:
    try:
        rows = cursor.execute(f"explain (format json) {sql}", list(values)).fetchall()
    except duckdb.Error as error:
        return None, str(error)
    return "\n".join(text for _, text in rows), ""


def _untyped(value: Any) -> tuple[str, Any]:
    if isinstance(value, list):
        element, sample = _untyped(value[0])
        return f"{element}[]", [sample]
    if isinstance(value, int):
        return "BIGINT", 1
    if isinstance(value, datetime):
        return "TIMESTAMP", value
    return "VARCHAR", "a"


def _element_list(sql_type: str) -> str:
    return sql_type if sql_type.endswith("]") else f"{sql_type}[]"


def _sample(sql_type: str) -> Any:
    if sql_type.endswith("]"):
        return [_sample(sql_type[: sql_type.rindex("[")])]
    if _INTEGERS.match(sql_type):
        return 1
    if sql_type.startswith("DECIMAL"):
        return Decimal("0.5")
    return _SAMPLES.get(sql_type)

"""How each DuckDB type leaves the database: fetched as it is, or cast to text that is exact.

DuckDB's Python values lose months of intervals, nanoseconds, infinite dates and the tag of unions.
Such leaves are cast inside the database, wherever they are nested; see `docs/types.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from storage.targets import encoding
from storage.targets.encoding import Convert

_INTERVAL_UNITS = {"year": (12, 0), "month": (1, 0), "day": (0, 1)}
_INTERVAL_PART = re.compile(r"(-?\d+) (year|month|day)s?")
_INTERVAL_TIME = re.compile(r"(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$")


@dataclass(frozen=True, slots=True)
class Wire:
    """How a type is fetched.

    Attributes:
        sql_type: The type a value has when it is fetched; the column's own, or one to cast to.
        convert: What makes the fetched value JSON-able; None when it is already.
    """

    sql_type: str
    convert: Convert | None = None


def wire_of(sql_type: DuckDBPyType) -> Wire:
    """The wire form of any type, nested ones included."""
    nested = _NESTED.get(sql_type.id)
    if nested:
        return nested(sql_type)
    name = str(sql_type)
    if sql_type.id == "decimal":
        return Wire(name, encoding.decimal)
    if name == "JSON":
        return Wire(name, encoding.json_document)
    return Wire(name) if sql_type.id in _PLAIN else _LEAVES.get(sql_type.id, _TEXT)


def interval_duration(text: str) -> str:
    """DuckDB's `1 year 2 months 3 days 04:05:06.7` as an ISO 8601 duration, losing nothing."""
    months = days = 0
    for number, unit in _INTERVAL_PART.findall(text):
        months += int(number) * _INTERVAL_UNITS[unit][0]
        days += int(number) * _INTERVAL_UNITS[unit][1]
    return encoding.duration(months, days, _interval_microseconds(text))


def _interval_microseconds(text: str) -> int:
    match = _INTERVAL_TIME.search(text)
    if match is None:
        return 0
    sign, hours, minutes, seconds, fraction = match.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    microseconds = whole * 1_000_000 + int((fraction or "0").ljust(6, "0"))
    return -microseconds if sign else microseconds


def _date(text: str) -> str:
    return text if len(text) == len("2013-01-01") else encoding.timestamp_text(text)


def _real_text(text: str) -> float | str:
    return encoding.real(float(text))


def _big_integer_text(text: str) -> int | str:
    return encoding.integer(int(text))


def _list_wire(sql_type: DuckDBPyType) -> Wire:
    [(_, child)] = _children(sql_type)
    wire = wire_of(child)
    sizes = [part for _, part in sql_type.children if isinstance(part, int)]
    suffix = f"[{sizes[0]}]" if sizes else "[]"
    return Wire(f"{wire.sql_type}{suffix}", _each(wire.convert))


def _struct_wire(sql_type: DuckDBPyType) -> Wire:
    wires = [(name, wire_of(child)) for name, child in _children(sql_type)]
    if not wires:
        return Wire(str(sql_type))
    fields = ", ".join(f"{_quoted(name)} {wire.sql_type}" for name, wire in wires)
    return Wire(f"STRUCT({fields})", _each_field({name: wire.convert for name, wire in wires}))


def _tuple_wire(sql_type: DuckDBPyType) -> Wire:
    wires = [wire_of(child) for _, child in _children(sql_type)]
    converts = [wire.convert for wire in wires]

    def convert(values: tuple[Any, ...]) -> list[Any]:
        return [_converted(value, each) for value, each in zip(values, converts, strict=True)]

    return Wire(f"TUPLE({', '.join(wire.sql_type for wire in wires)})", convert)


def _map_wire(sql_type: DuckDBPyType) -> Wire:
    (_, key_type), (_, value_type) = _children(sql_type)
    key, value = wire_of(key_type), wire_of(value_type)
    name = f"MAP({key.sql_type}, {value.sql_type})"
    if key_type.id in {"varchar", "enum"}:
        return Wire(name, _each_field_like(value.convert))

    def pairs(entries: dict[Any, Any]) -> list[list[Any]]:
        # Keys that Python cannot hash come as two parallel lists.
        items = (
            zip(entries["key"], entries["value"], strict=True)
            if key_type.id in _NESTED
            else entries.items()
        )
        return [[_converted(k, key.convert), _converted(v, value.convert)] for k, v in items]

    return Wire(name, pairs)


def _children(sql_type: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, part) for name, part in sql_type.children if isinstance(part, DuckDBPyType)]


def _each(convert: Convert | None) -> Convert:
    if convert is None:
        return list
    return lambda values: [_converted(value, convert) for value in values]


def _each_field(converts: dict[str, Convert | None]) -> Convert | None:
    if not any(converts.values()):
        return None
    return lambda struct: {
        name: _converted(struct[name], convert) for name, convert in converts.items()
    }


def _each_field_like(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda entries: {name: _converted(value, convert) for name, value in entries.items()}


def _converted(value: Any, convert: Convert | None) -> Any:
    return value if convert is None or value is None else convert(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_NESTED = {
    "list": _list_wire,
    "array": _list_wire,
    "struct": _struct_wire,
    "tuple": _tuple_wire,
    "map": _map_wire,
}
_TEXT = Wire("VARCHAR")
_PLAIN = {
    "boolean",
    "tinyint",
    "smallint",
    "integer",
    "utinyint",
    "usmallint",
    "uinteger",
    "varchar",
    "enum",
}
_LEAVES = {
    "null": Wire("INTEGER"),
    "bigint": Wire("BIGINT", encoding.integer),
    "ubigint": Wire("UBIGINT", encoding.integer),
    "hugeint": Wire("HUGEINT", encoding.integer),
    "uhugeint": Wire("UHUGEINT", encoding.integer),
    "bignum": Wire("VARCHAR", _big_integer_text),
    "double": Wire("DOUBLE", encoding.real),
    "float": Wire("VARCHAR", _real_text),
    "blob": Wire("BLOB", encoding.binary),
    "date": Wire("VARCHAR", _date),
    "time with time zone": Wire("VARCHAR", encoding.time_text),
    "interval": Wire("VARCHAR", interval_duration),
    "union": Wire("JSON", encoding.json_document),
    "variant": Wire("JSON", encoding.json_document),
    **{
        name: Wire("VARCHAR", encoding.timestamp_text)
        for name in (
            "timestamp",
            "timestamp_s",
            "timestamp_ms",
            "timestamp_ns",
            "timestamp with time zone",
            "timestamptz_ns",
        )
    },
}

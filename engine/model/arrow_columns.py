"""Exact Arrow columns, rebuilt from JSON values and type names as `docs/types.md` says."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
import pyarrow as pa

from engine.model.sql_types import SqlType, parse_type

Restore = Callable[[Any], Any]

_MAX_PRECISION_128 = 38
_MAX_PRECISION_256 = 76
_UNFIT = (ValueError, TypeError, KeyError, OverflowError, InvalidOperation, pa.ArrowException)
_DURATION = re.compile(
    r"^P(?:(?P<Y>-?\d+)Y)?(?:(?P<Mo>-?\d+)M)?(?:(?P<W>-?\d+)W)?(?:(?P<D>-?\d+)D)?"
    r"(?:T(?:(?P<H>-?\d+)H)?(?:(?P<Mi>-?\d+)M)?(?:(?P<S>-?\d+(?:\.\d+)?)S)?)?$"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def table(columns: Sequence[tuple[str, str | None]], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One Arrow column for each name, in order."""
    arrays = [column(sql_type, [row.get(name) for row in rows]) for name, sql_type in columns]
    return pa.table(arrays, names=[name for name, _ in columns])


def column(sql_type: str | None, values: Sequence[Any]) -> pa.Array:
    """An Arrow array of JSON values; strings where their type has no place for one of them."""
    try:
        if sql_type is None:
            return pa.array(values)
        arrow_type, restore = _restorer(parse_type(sql_type), values)
        return pa.array([_restored(value, restore) for value in values], type=arrow_type)
    except _UNFIT:
        return text_column(values)


def text_column(values: Sequence[Any]) -> pa.Array:
    """JSON values as strings, nested ones as JSON text."""
    return pa.array([_restored(value, _text) for value in values], pa.string())


def _restorer(sql_type: SqlType, values: Sequence[Any]) -> tuple[pa.DataType, Restore]:
    """The Arrow type for these values, and what turns each of them into what `pa.array` takes."""
    if sql_type.base in _LEAVES:
        return _LEAVES[sql_type.base]
    if sql_type.base in {"decimal", "numeric"}:
        return _decimal_type(sql_type.arguments, values), _decimal
    if sql_type.base == "bignum":
        return _decimal_type((), values), _decimal
    nested = _NESTED.get(sql_type.base)
    return nested(sql_type, values) if nested else (pa.string(), _text)


def _list(sql_type: SqlType, values: Sequence[Any]) -> tuple[pa.DataType, Restore]:
    children = [child for value in values if value is not None for child in value]
    child_type = sql_type.children[0]
    if any(isinstance(child, list) for child in children) and child_type.base != "list":
        child_type = SqlType("list", children=(child_type,))  # PostgreSQL names no dimensions
    arrow_type, restore = _restorer(child_type, children)
    size = -1 if sql_type.size is None else sql_type.size
    return pa.list_(arrow_type, size), lambda value: [_restored(item, restore) for item in value]


def _struct(sql_type: SqlType, values: Sequence[Any]) -> tuple[pa.DataType, Restore]:
    parts = {
        name: _restorer(child, [value.get(name) for value in values if value is not None])
        for name, child in zip(sql_type.names, sql_type.children, strict=True)
    }
    fields = [pa.field(name, arrow_type) for name, (arrow_type, _) in parts.items()]
    return pa.struct(fields), lambda value: {
        name: _restored(value.get(name), restore) for name, (_, restore) in parts.items()
    }


def _tuple(sql_type: SqlType, values: Sequence[Any]) -> tuple[pa.DataType, Restore]:
    names = tuple(f"f{number}" for number in range(1, len(sql_type.children) + 1))
    as_struct = SqlType("struct", children=sql_type.children, names=names)
    structs = [None if value is None else dict(zip(names, value, strict=True)) for value in values]
    arrow_type, restore = _struct(as_struct, structs)
    return arrow_type, lambda value: restore(dict(zip(names, value, strict=True)))


def _map(sql_type: SqlType, values: Sequence[Any]) -> tuple[pa.DataType, Restore]:
    pairs = [pair for value in values if value is not None for pair in _pairs(value)]
    key_type, key = _restorer(sql_type.children[0], [pair[0] for pair in pairs])
    value_type, item = _restorer(sql_type.children[1], [pair[1] for pair in pairs])
    return pa.map_(key_type, value_type), lambda value: [
        (_restored(k, key), _restored(v, item)) for k, v in _pairs(value)
    ]


def _pairs(value: Any) -> list[Any]:
    return list(value.items()) if isinstance(value, dict) else value


def _restored(value: Any, restore: Restore) -> Any:
    return None if value is None else restore(value)


def _decimal_type(arguments: tuple[int, ...], values: Sequence[Any]) -> pa.DataType:
    precision, scale = (*arguments, 0)[:2] if arguments else _needed_digits(values)
    if precision <= _MAX_PRECISION_128:
        return pa.decimal128(max(precision, scale, 1), scale)
    if precision <= _MAX_PRECISION_256:
        return pa.decimal256(precision, scale)
    raise OverflowError("no Arrow decimal is that long")


def _needed_digits(values: Sequence[Any]) -> tuple[int, int]:
    whole, scale = 1, 0
    for value in values:
        if value is not None:
            _, digits, exponent = _decimal(value).as_tuple()
            if not isinstance(exponent, int):
                raise ValueError("Arrow decimals have no NaN")
            scale = max(scale, -exponent)
            whole = max(whole, len(digits) + exponent)
    return whole + scale, scale


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _big_integer(value: Any) -> Decimal:
    return Decimal(int(value))


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _nanoseconds(value: str) -> int:
    whole, _, fraction = value.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return int((moment - _EPOCH).total_seconds()) * 10**9 + int(fraction.ljust(9, "0") or 0)


def _time_nanoseconds(value: str) -> int:
    whole, _, fraction = value.partition(".")
    moment = time.fromisoformat(whole)
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)


def _interval(value: str) -> tuple[int, int, int]:
    match = _DURATION.match(value)
    if match is None:
        raise ValueError("not an ISO 8601 duration")
    part = {name: Decimal(number or 0) for name, number in match.groupdict().items()}
    months = part["Y"] * 12 + part["Mo"]
    days = part["W"] * 7 + part["D"]
    seconds = part["H"] * 3600 + part["Mi"] * 60 + part["S"]
    return int(months), int(days), int(seconds * 10**9)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _document(value: Any) -> str:
    return orjson.dumps(value).decode()


def _same(value: Any) -> Any:
    return value


_NESTED = {"list": _list, "struct": _struct, "tuple": _tuple, "map": _map}
_BIG = (pa.decimal256(39, 0), _big_integer)
_MICRO = (pa.timestamp("us"), _moment)
_MICRO_UTC = (pa.timestamp("us", tz="UTC"), _moment)
_CLOCK = (pa.time64("us"), time.fromisoformat)
_DOUBLE = (pa.float64(), float)
_BYTES = (pa.binary(), base64.b64decode)
_JSON = (pa.string(), _document)
_LEAVES: dict[str, tuple[pa.DataType, Restore]] = {
    "boolean": (pa.bool_(), _same),
    "tinyint": (pa.int8(), int),
    "smallint": (pa.int16(), int),
    "integer": (pa.int32(), int),
    "bigint": (pa.int64(), int),
    "utinyint": (pa.uint8(), int),
    "usmallint": (pa.uint16(), int),
    "uinteger": (pa.uint32(), int),
    "ubigint": (pa.uint64(), int),
    "oid": (pa.uint32(), int),
    "hugeint": _BIG,
    "uhugeint": _BIG,
    "float": (pa.float32(), float),
    "real": (pa.float32(), float),
    "double": _DOUBLE,
    "double precision": _DOUBLE,
    "date": (pa.date32(), date.fromisoformat),
    "timestamp": _MICRO,
    "timestamp without time zone": _MICRO,
    "timestamp with time zone": _MICRO_UTC,
    "timestamp_s": (pa.timestamp("s"), _moment),
    "timestamp_ms": (pa.timestamp("ms"), _moment),
    "timestamp_ns": (pa.timestamp("ns"), _nanoseconds),
    "timestamptz_ns": (pa.timestamp("ns", tz="UTC"), _nanoseconds),
    "time": _CLOCK,
    "time without time zone": _CLOCK,
    "time_ns": (pa.time64("ns"), _time_nanoseconds),
    "interval": (pa.month_day_nano_interval(), _interval),
    "blob": _BYTES,
    "bytea": _BYTES,
    "json": _JSON,
    "jsonb": _JSON,
    "union": _JSON,
    "variant": _JSON,
    '"null"': (pa.null(), _same),
}

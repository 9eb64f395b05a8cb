"""Turns rows of a database into JSON of which no reader can silently change a value.

The one rule, of which `docs/types.md` is the table: a number that a double holds exactly as written
is a JSON number, any other number is a string; what JSON has no word for is its ISO 8601, RFC 4648
or canonical text. Plain Python only, because the DuckDB worker imports this module.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

MAX_SAFE_INTEGER = 2**53 - 1
MAX_EXACT_DIGITS = 15  # every decimal of 15 significant digits survives a double (IEEE 754)
MAX_NUMBER_TEXT = 300  # beyond it a double may underflow, however few the significant digits

Convert = Callable[[Any], Any]

_DIGITS = re.compile(r"[0-9]+")
_RISKY_NUMBER = re.compile(r"[0-9][0-9.]{15}|[0-9][eE]")
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_USUAL_TIMES = re.compile(rf"{_TIME}(?:\n{_TIME})*+")
_USUAL_UTC_TIMES = re.compile(rf"{_TIME}\+00(?:\n{_TIME}\+00)*+")
_NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def encode_rows(
    names: Sequence[str], rows: Iterable[Sequence[Any]], converters: Mapping[int, Convert]
) -> bytes:
    """Encode rows as a JSON array of objects.

    Args:
        names: Distinct column names; see `distinct_names`.
        rows: Values of one row each, None for NULL.
        converters: By column index, what makes a value of that column JSON-able; it never sees
            None. Columns without one hold str, bool, safe int or None.
    """
    encoded = list(rows)
    if converters and encoded:
        columns: list[Sequence[Any]] = list(zip(*encoded, strict=True))
        for index, convert in converters.items():
            columns[index] = _converted(columns[index], convert)
        return _objects(names, zip(*columns, strict=True))
    return _objects(names, encoded)


def _objects(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows])


def _converted(values: Sequence[Any], convert: Convert) -> Sequence[Any]:
    """A column's values, converted: all at once where all are of the usual kind."""
    if None in values:
        return [None if value is None else convert(value) for value in values]
    at_once = _AT_ONCE.get(convert)
    found = at_once(values) if at_once else None
    return list(map(convert, values)) if found is None else found


def distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """Column names made distinct as DuckDB does in subqueries: `a, a` becomes `a, a_1`."""
    taken = set(names)
    seen: set[str] = set()
    distinct = []
    for name in names:
        unique, count = name, 0
        while unique in seen or (count and unique in taken):
            count += 1
            unique = f"{name}_{count}"
        seen.add(unique)
        distinct.append(unique)
    return tuple(distinct)


def integer(value: int) -> int | str:
    """A number inside ±(2^53-1), otherwise its digits as a string."""
    return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else str(value)


def real(value: float) -> float | str:
    """A number, or `NaN`, `Infinity` and `-Infinity` as strings."""
    return value if value - value == 0 else _NON_FINITE[str(value)]


def decimal_text(text: str) -> orjson.Fragment | str:
    """A JSON number with exactly these digits where a double can hold them, otherwise a string.

    Args:
        text: Plain decimal notation (`-12.50`), or `NaN`, `Infinity`, `-Infinity`.
    """
    if text[-1] in "Ny":
        return text
    if len(text) > MAX_EXACT_DIGITS:
        digits = "".join(_DIGITS.findall(text)).lstrip("0")
        if len(digits) > MAX_EXACT_DIGITS or len(text) > MAX_NUMBER_TEXT:
            return text
    return orjson.Fragment(text)


def decimal(value: Decimal) -> orjson.Fragment | str:
    """The same of a Decimal."""
    return decimal_text(f"{value:f}")


def binary(value: bytes) -> str:
    """Standard base64 with padding (RFC 4648)."""
    return base64.b64encode(value).decode("ascii")


def json_document(text: str) -> orjson.Fragment:
    """A JSON document as it is, but numbers that a reader could change become strings."""
    if _RISKY_NUMBER.search(text) is None:
        return orjson.Fragment(text)
    safe = json.loads(text, parse_int=_integer_literal, parse_float=_float_literal)
    return orjson.Fragment(orjson.dumps(safe))


def duration(months: int, days: int, microseconds: int) -> str:
    """An ISO 8601 duration as PostgreSQL's IntervalStyle iso_8601 writes it: `P1Y2M3DT4H5M6.7S`.

    Months, days and time stay apart, since none converts exactly into another; each part carries
    its own sign, as in `P1Y-2M`.
    """
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    sign = "-" if microseconds < 0 else ""
    time_parts = [
        f"{sign}{number}{unit}"
        for number, unit in ((seconds // 3600, "H"), (seconds // 60 % 60, "M"))
        if number
    ]
    if seconds % 60 or fraction:
        decimals = f".{fraction:06}".rstrip("0") if fraction else ""
        time_parts.append(f"{sign}{seconds % 60}{decimals}S")
    date_parts = [f"{number}{unit}" for number, unit in (*_years(months), (days, "D")) if number]
    if not date_parts and not time_parts:
        return "PT0S"
    return f"P{''.join(date_parts)}{'T' if time_parts else ''}{''.join(time_parts)}"


def timestamp_text(text: str) -> str:
    """A database's `2013-01-01 05:00:00+00` as ISO 8601: `2013-01-01T05:00:00Z`.

    `infinity` and `-infinity` stay; years outside 0001-9999 get the expanded form with a sign.
    """
    if text[4:5] == "-" and text[10:11] == " " and text[-1] not in "C)":
        moment = f"{text[:10]}T{text[11:]}"
        return f"{moment[:-3]}Z" if moment.endswith("+00") else moment
    bare = text.removesuffix(" (BC)").removesuffix(" BC")
    year, dash, rest = bare.partition("-")
    if not dash or not year.isdigit():
        return text
    if len(bare) != len(text):
        year = f"-{int(year) - 1:06}" if int(year) > 1 else "+000000"
    elif len(year) > 4:
        year = f"+{int(year):06}"
    moment = f"{year}-{rest}".replace(" ", "T", 1)
    return f"{moment[:-3]}Z" if moment.endswith("+00") else moment


def time_text(text: str) -> str:
    """A time of day with zone, `10:00:00+02`, with the offset ISO 8601 wants: `10:00:00+02:00`."""
    return f"{text}:00" if re.search(r"[+-]\d\d$", text) else text


def _safe_integers(values: Sequence[int]) -> Sequence[int] | None:
    return values if max(map(abs, values)) <= MAX_SAFE_INTEGER else None


def _finite_reals(values: Sequence[float]) -> Sequence[float] | None:
    return values if all(map(math.isfinite, values)) else None


def _usual_times(values: Sequence[str]) -> Sequence[str] | None:
    lines = "\n".join(values)
    if _USUAL_TIMES.fullmatch(lines):
        return lines.replace(" ", "T").split("\n")
    if _USUAL_UTC_TIMES.fullmatch(lines):
        return lines.replace(" ", "T").replace("+00", "Z").split("\n")
    return None


_AT_ONCE: Mapping[Convert, Callable[[Sequence[Any]], Sequence[Any] | None]] = {
    integer: _safe_integers,
    real: _finite_reals,
    timestamp_text: _usual_times,
}
"""What converts a whole column without looking at each value in Python, or gives None."""


def _years(months: int) -> tuple[tuple[int, str], tuple[int, str]]:
    sign = -1 if months < 0 else 1
    return (sign * (abs(months) // 12), "Y"), (sign * (abs(months) % 12), "M")


def _integer_literal(text: str) -> int | str:
    return integer(int(text)) if len(text) <= MAX_NUMBER_TEXT else text


def _float_literal(text: str) -> orjson.Fragment | str:
    mantissa, _, exponent = text.lower().partition("e")
    digits = "".join(_DIGITS.findall(mantissa)).lstrip("0")
    if len(digits) > MAX_EXACT_DIGITS or (exponent and abs(int(exponent)) > MAX_NUMBER_TEXT):
        return text
    return orjson.Fragment(text)

"""Conversions that lose nothing: each takes any value and returns the type's own, or refuses.

A refusal is a `PydanticCustomError` whose type is the public code of the mistake and whose message
completes a sentence that begins with the parameter's name. It never repeats the value.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, SupportsIndex, TypeVar
from uuid import UUID

from pydantic_core import PydanticCustomError

from engine.model.definition import ParamType

T = TypeVar("T")

MAX_DEPTH = 64
_INT64 = range(-(2**63), 2**63)
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}(\.0{1,40})?", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
_MAX_NUMBER_CHARS = 400


def to_text(value: Any) -> str:
    """Text as it is; a finite number by its shortest exact spelling."""
    if isinstance(value, str):
        return _valid_unicode(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(value)
    raise _wrong_type("text")


def to_integer(value: Any) -> int:
    """A signed 64-bit integer from an integer, a whole float or decimal, or their spelling."""
    if isinstance(value, bool):
        raise _wrong_type("an integer")
    if isinstance(value, str):
        return _in_int64(_integer_from_text(value.strip()))
    if isinstance(value, SupportsIndex):
        return _in_int64(operator.index(value))
    if isinstance(value, float | Decimal) and -(2**63) <= value < 2**63 and value == int(value):
        return int(value)
    raise _wrong_type("an integer")


def to_number(value: Any) -> int | float:
    """A number JSON can carry exactly: integers stay integers, decimals become the equal float."""
    if isinstance(value, bool):
        raise _wrong_type("a number")
    if isinstance(value, str):
        return _number_from_decimal(_decimal_from_text(value.strip()))
    if isinstance(value, Decimal):
        return _number_from_decimal(value)
    if isinstance(value, SupportsIndex):
        return _in_int64(operator.index(value))
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise _wrong_type("a finite number")


def to_boolean(value: Any) -> bool:
    """True or false, also spelled `true`, `yes`, `1` and their opposites."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
        return _BOOLEANS[value.strip().lower()]
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise _wrong_type("true or false")


def to_date(value: Any) -> date:
    """A date from `YYYY-MM-DD`, or from a date-time at midnight without a zone."""
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        return _parsed(date.fromisoformat, value, "a date as YYYY-MM-DD")
    if isinstance(value, str):
        value = _parsed(datetime.fromisoformat, value, "a date as YYYY-MM-DD")
    if isinstance(value, datetime):
        if value.time() == time() and value.tzinfo is None:
            return value.date()
        raise PydanticCustomError("wrong_type", "must be a date without a time of day")
    if isinstance(value, date):
        return value
    raise _wrong_type("a date as YYYY-MM-DD")


def to_datetime(value: Any) -> datetime:
    """A date-time from ISO 8601; one without a zone stays without, a date means its midnight."""
    if isinstance(value, str) and "-" in value:
        return _parsed(datetime.fromisoformat, value, "a date and time in ISO 8601")
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  # as written: no zone
    raise _wrong_type("a date and time in ISO 8601")


def to_uuid(value: Any) -> UUID:
    """A UUID from any of its usual spellings."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        return _parsed(UUID, value, "a UUID")
    raise _wrong_type("a UUID")


def to_array(value: Any) -> list[Any]:
    """A list from any sequence that is not text; its items are converted elsewhere."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return list(value)
    raise _wrong_type("an array")


def to_object(value: Any) -> dict[str, Any]:
    """A JSON object, copied in depth."""
    if not isinstance(value, Mapping):
        raise _wrong_type("an object")
    if not all(isinstance(key, str) for key in value):
        raise PydanticCustomError("wrong_type", "must have text keys")
    return {_valid_unicode(key): to_json_value(item, 1) for key, item in value.items()}


def to_json_value(value: Any, depth: int = 0) -> Any:
    """Any JSON value, copied in depth; refuses what JSON cannot carry and what nests too deeply."""
    if depth > MAX_DEPTH:
        raise PydanticCustomError("too_deep", "must not nest deeper than {max}", {"max": MAX_DEPTH})
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _valid_unicode(value)
    if isinstance(value, int | float):
        return to_number(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_valid_unicode(key): to_json_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(item, depth + 1) for item in value]
    raise PydanticCustomError("wrong_type", "must hold JSON values only")


CONVERTERS: Mapping[ParamType, Callable[[Any], Any]] = {
    "text": to_text,
    "integer": to_integer,
    "number": to_number,
    "boolean": to_boolean,
    "date": to_date,
    "datetime": to_datetime,
    "uuid": to_uuid,
    "array": to_array,
    "object": to_object,
}


def _wrong_type(expected: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_type", "must be {expected}", {"expected": expected})


def _valid_unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError("wrong_type", "must be valid Unicode text") from error
    return text


def _integer_from_text(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _wrong_type("an integer")
    return int(text.partition(".")[0])


def _in_int64(number: int) -> int:
    if number not in _INT64:
        raise PydanticCustomError("out_of_range", "must fit in 64 bits")
    return number


def _decimal_from_text(text: str) -> Decimal:
    if len(text) > _MAX_NUMBER_CHARS or not _NUMBER.fullmatch(text):
        raise _wrong_type("a number")
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise _wrong_type("a number") from error


def _number_from_decimal(exact: Decimal) -> int | float:
    if not exact.is_finite():
        raise _wrong_type("a finite number")
    nearest = float(exact)
    if math.isfinite(nearest) and Decimal(repr(nearest)) == exact:
        return int(exact) if exact == exact.to_integral_value() and abs(exact) < 2**53 else nearest
    if exact == exact.to_integral_value() and abs(exact) < 2**63:
        return int(exact)
    raise PydanticCustomError(
        "out_of_range", "has more digits than a number keeps; declare the parameter as text"
    )


def _parsed(parse: Callable[[str], T], text: str, expected: str) -> T:
    try:
        return parse(text.strip())
    except ValueError as error:
        raise _wrong_type(expected) from error

"""A script's answer as strict JSON.

Beyond JSON's own types: tuples are arrays; date, time and datetime are ISO 8601 strings; Decimal
and UUID are strings; enumerations are their values; dataclasses are objects. Everything else is
refused with the place it stands at, and so are NaN, infinity and integers of more than 64 bits,
which other readers of JSON would change without a word.
"""

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

_LONG_NUMBER = re.compile(r"\d{19}")
_INTEGER_RANGE = range(-(2**63), 2**64)
_ADVICE = {
    "set": "return sorted(…) or list(…) of it",
    "frozenset": "return sorted(…) or list(…) of it",
    "generator": "return list(…) of it",
    "map": "return list(…) of it",
    "filter": "return list(…) of it",
    "zip": "return list(…) of it",
    "dict_keys": "return list(…) of it",
    "dict_values": "return list(…) of it",
    "dict_items": "return list(…) of it",
    "bytes": "decode it, or encode it with base64",
    "bytearray": "decode it, or encode it with base64",
    "coroutine": "await it first",
    "complex": "return its real and imaginary parts",
    "timedelta": "return .total_seconds() of it",
    "Fraction": "return float(…) or str(…) of it",
}


class NotJsonError(ValueError):
    """The answer holds what JSON cannot; the message names the place and the way out."""


def encode(answer: Any) -> bytes:
    """The answer as UTF-8 JSON; raises NotJsonError."""
    try:
        text = json.dumps(
            answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_extended
        )
    except RecursionError:
        raise NotJsonError("the answer is nested too deeply, or contains itself") from None
    except (TypeError, ValueError) as error:
        raise NotJsonError(_first_problem(answer) or str(error)) from error
    if _LONG_NUMBER.search(text) and (problem := _first_problem(answer)):
        raise NotJsonError(problem)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise NotJsonError(
            f"a text in the answer holds half a character ({error.object[error.start]!a})"
        ) from error


def _extended(value: Any) -> Any:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number in JSON")
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} is not JSON")


def _first_problem(answer: Any) -> str | None:
    return next(_problems(answer, "the answer", ()), None)


def _problems(value: Any, place: str, within: tuple[int, ...]) -> Iterator[str]:
    if id(value) in within or len(within) > 200:
        yield f"{place} contains itself, or is nested too deeply"
    elif isinstance(value, dict):
        for key, member in value.items():
            if key is not None and not isinstance(key, str | int | float):
                yield f"{place} has a key of type {type(key).__name__}: make it a string"
            yield from _problems(member, f"{place}[{key!r:.60}]", (*within, id(value)))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _problems(member, f"{place}[{index}]", (*within, id(value)))
    elif (problem := _scalar_problem(value)) is not None:
        yield f"{place} {problem}"


def _scalar_problem(value: Any) -> str | None:
    if value is None or isinstance(value, str | bool):
        return None
    if isinstance(value, int):
        return (
            None
            if value in _INTEGER_RANGE
            else "is an integer of more than 64 bits: return str(…) of it"
        )
    if isinstance(value, float):
        finite = value == value and abs(value) != float("inf")  # NaN is not itself
        return None if finite else f"is {value}, which JSON does not have: return None or a string"
    try:
        extended = _extended(value)
    except ValueError:
        return f"is {value}, which JSON does not have: return None or a string"
    except TypeError:
        name = type(value).__name__
        advice = _ADVICE.get(name, "return numbers, texts, lists and dicts")
        return f"is a {name}, which is not JSON: {advice}"
    return next(_problems(extended, "holds a value that", ()), None)

"""PostgreSQL's text forms: results into JSON by type, parameters into text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import orjson

from storage.targets import encoding
from storage.targets.encoding import Convert

CATALOGUE = """
select w.oid::int8, w.modifier, format_type(w.oid, w.modifier),
       t.oid in ('record'::regtype, 'record[]'::regtype) or t.typtype = 'c' or e.typtype = 'c',
       (case when t.typcategory = 'A' and t.typlen = -1 then t.typelem else 0 end)::int8,
       coalesce(e.typdelim, ',')
from unnest($1::oid[], $2::int4[]) as w(oid, modifier)
join pg_type t on t.oid = w.oid
left join pg_type e on e.oid = t.typelem
"""
"""Of oids with modifiers: name, whether made of fields, element and delimiter of arrays."""

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PgType:
    """What is needed of a type: its SQL name, its element's oid if an array, whether composite."""

    name: str
    element: int = 0
    delimiter: str = ","
    composite: bool = False

    def converter(self, oid: int) -> Convert | None:
        """What makes a value, as psycopg loads it, JSON-able; None when it is already."""
        if self.composite:
            return encoding.json_document
        if not self.element:
            return _CONVERTERS.get(oid)
        element = _ELEMENTS.get(self.element) or _CONVERTERS.get(self.element)
        return lambda text: parse_array(text, element, self.delimiter)


def parse_array(text: str, convert: Convert | None, delimiter: str = ",") -> list[Any]:
    """Read an array literal, `{1,NULL,"a b"}`, nested ones and those with bounds included.

    The grammar is in PostgreSQL's manual, 8.15.6 Array Input and Output Syntax.
    """
    if text.startswith("["):
        text = text[text.index("=") + 1 :]
    stack: list[list[Any]] = [[]]
    for part in _tokens(delimiter).findall(text):
        if part == "{":
            stack.append([])
        elif part == "}":
            finished = stack.pop()
            stack[-1].append(finished)
        else:
            value = _element(part)
            stack[-1].append(value if value is None or convert is None else convert(value))
    result: list[Any] = stack[0][0]
    return result


def parameter_text(value: Any) -> str | None:
    """A bound value as the text PostgreSQL reads; objects as JSON, lists as array literals.

    It is sent with no type, so that the server infers one from its place, exactly as it does when
    it describes the statement.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and not any(isinstance(item, dict) for item in value):
        return "{" + ",".join(_array_item(item) for item in value) + "}"
    to_text = next((each for kind, each in _PARAMETERS if isinstance(value, kind)), str)
    return to_text(value)


@cache
def _tokens(delimiter: str) -> re.Pattern[str]:
    return re.compile(r'[{}]|"(?:[^"\\]|\\.)*"|[^{}"' + re.escape(delimiter) + "]+", re.DOTALL)


def _element(literal: str) -> str | None:
    if literal.startswith('"'):
        return _ESCAPED.sub(r"\1", literal[1:-1])
    return None if literal == "NULL" else literal


def _array_item(value: Any) -> str:
    text = parameter_text(value)
    if text is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bool(text: str) -> bool:
    return text == "t"


def _bytea(text: str) -> str:
    return encoding.binary(bytes.fromhex(text[2:]))


def _json_text(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


_PARAMETERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    ((dict, list, tuple), _json_text),
    (Decimal, lambda value: f"{value:f}"),
    ((datetime, date, time), lambda value: value.isoformat()),
    (bytes, lambda value: f"\\x{value.hex()}"),
)
_CONVERTERS: dict[int, Convert] = {
    20: encoding.integer,
    700: encoding.real,
    701: encoding.real,
    1700: encoding.decimal_text,
    17: _bytea,
    114: encoding.json_document,
    3802: encoding.json_document,
    1082: encoding.timestamp_text,
    1114: encoding.timestamp_text,
    1184: encoding.timestamp_text,
    1266: encoding.time_text,
}
"""By the fixed oids of pg_type.dat; every type that is not here is JSON-able as loaded."""
_ELEMENTS: dict[int, Convert] = {
    16: _bool,
    20: lambda text: encoding.integer(int(text)),
    21: int,
    23: int,
    26: int,
    700: lambda text: encoding.real(float(text)),
    701: lambda text: encoding.real(float(text)),
}
"""Elements come as text, which psycopg has not loaded."""

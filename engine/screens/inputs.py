"""Turns what a link says of a screen's inputs into their values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.errors import ParamsInvalidError
from engine.model.screen import ScreenInput, ScreenSpec

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def input_values(spec: ScreenSpec, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every input: what was sent, or else its default; empty texts are nothing.

    Raises:
        ParamsInvalidError: With every value that an input cannot have, and every unknown input.
    """
    known = {each.name: each for each in spec.inputs}
    mistakes = {
        name: f"there is no such input; known: {', '.join(known) or 'none'}"
        for name in sent
        if name not in known
    }
    values: dict[str, Any] = {}
    for name, each in known.items():
        try:
            values[name] = _value(each, sent.get(name, each.default))
        except ValueError as error:
            mistakes[name] = str(error)
    if mistakes:
        details = [{"param": name, "message": message} for name, message in mistakes.items()]
        name, message = next(iter(mistakes.items()))
        raise ParamsInvalidError(f"{name}: {message}", details={"params": details})
    return values


def _value(each: ScreenInput, value: Any) -> Any:
    if value is None or value == "":
        return None
    if each.type == "number":
        return _number(value)
    if each.type == "toggle":
        return _boolean(value)
    if each.type == "date":
        return _day(value)
    if each.type == "choice" and each.options:
        return _option(each, value)
    return value if isinstance(value, (int, float)) else str(value)


def _number(value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError("is a number") from error
    return int(number) if number.is_integer() else number


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in (*_TRUE, *_FALSE):
        raise ValueError("is true or false")
    return text in _TRUE


def _day(value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise ValueError("is a date like 2013-02-08") from error


def _option(each: ScreenInput, value: Any) -> Any:
    for option in each.options:
        if str(option) == str(value):
            return option
    raise ValueError(f"is one of {', '.join(map(str, each.options))}")

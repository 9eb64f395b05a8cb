"""The filters and tests an expression may use: none reaches code or inflates its input.

Jinja's own `round`, `join`, `replace` and `tojson` are replaced: the first three turn small input
into any amount of work or memory, the last escapes for HTML.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import orjson
from jinja2.exceptions import FilterArgumentError
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.tests import TESTS as JINJA_TESTS

from engine.templates.spelling import to_text

MAX_TEXT = 10_000_000
_MAX_PRECISION = 15
_DATE_FORMAT = re.compile(r"([^%]|%[YmdHMSfjyBbAaFTuVpIzZ%])*")

_KEPT_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items"),
    *("last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse"),
    *("select", "selectattr", "sort", "sum", "title", "trim", "truncate", "unique", "upper"),
    *("urlencode", "wordcount"),
)
_KEPT_TESTS = (
    *("defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number"),
    *("string", "mapping", "sequence", "iterable", "odd", "even", "divisibleby", "lower", "upper"),
    *("in", "eq", "equalto", "==", "ne", "!=", "gt", "greaterthan", ">", "ge", ">=", "lt"),
    *("lessthan", "<", "le", "<="),
)


def _round(value: float, precision: int = 0) -> float | int:
    """Round to at most 15 places; to a whole number without `precision`."""
    if abs(precision) > _MAX_PRECISION:
        raise FilterArgumentError(f"round keeps at most {_MAX_PRECISION} places")
    return round(value, precision) if precision else round(value)


def _join(values: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    """Join as text; `attribute` picks a key of each item."""
    items = [item[attribute] for item in values] if attribute else values
    texts = [to_text(item) for item in items]
    _refuse_above(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    """Replace every occurrence."""
    text, old, new = to_text(text), to_text(old), to_text(new)
    _refuse_above(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _tojson(value: Any) -> str:
    """Plain JSON text."""
    return orjson.dumps(value, default=list).decode()


def _fromjson(text: str) -> Any:
    """The value a JSON text says."""
    return orjson.loads(text)


def _strftime(value: Any, layout: str) -> str:
    """Format a date or date-time (or its ISO text); only the usual codes, without widths."""
    if not _DATE_FORMAT.fullmatch(layout):
        raise FilterArgumentError("strftime takes the usual codes only, like %Y-%m-%d")
    moment = value if isinstance(value, date) else datetime.fromisoformat(value)
    return moment.strftime(layout)


def _refuse_above(size: int) -> None:
    if size > MAX_TEXT:
        raise FilterArgumentError(f"the text would be longer than {MAX_TEXT} characters")


FILTERS: Mapping[str, Any] = {
    **{name: kept for name, kept in JINJA_FILTERS.items() if name in _KEPT_FILTERS},
    "round": _round,
    "join": _join,
    "replace": _replace,
    "string": to_text,
    "tojson": _tojson,
    "fromjson": _fromjson,
    "strftime": _strftime,
}
TESTS: Mapping[str, Any] = {name: JINJA_TESTS[name] for name in _KEPT_TESTS}

"""A tabular answer in the forms people use: rows, an Arrow table, a DataFrame, an HTML table.

A table is `{"columns": [...], "rows": [...]}` with the target's type names, `{"rows": [...]}`, or a
bare list of objects; anything else is no table and has no rows.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

HTML_ROWS = 100


def rows_of(data_json: bytes) -> list[dict[str, Any]]:
    """The rows as JSON says them; empty when the answer is no table."""
    return _table(data_json)[1]


def arrow_of(data_json: bytes) -> pa.Table:
    """The rows as an Arrow table: exact types where the target named them, otherwise inferred.

    A column that Arrow's type cannot hold (an infinite date, a NaN among decimals, mixed types) is
    a column of strings.
    """
    from engine.model import arrow_columns  # noqa: PLC0415  # pyarrow is heavy, answers are light

    columns, rows = _table(data_json)
    return arrow_columns.table(columns, rows)


def frame_of(data_json: bytes) -> pd.DataFrame:
    """The rows as a DataFrame, through Arrow."""
    frame: pd.DataFrame = arrow_of(data_json).to_pandas()
    return frame


def html_of(data_json: bytes) -> str:
    """An HTML table of the first rows, or the JSON where there is no table; everything escaped."""
    columns, rows = _table(data_json)
    if not rows and not columns:
        return f"<pre>{html.escape(_pretty(data_json))}</pre>"
    names = [name for name, _ in columns]
    body = "".join(_html_row("td", [row.get(name) for name in names]) for row in rows[:HTML_ROWS])
    more = f"<p>{len(rows) - HTML_ROWS} more rows</p>" if len(rows) > HTML_ROWS else ""
    return f"<table><thead>{_html_row('th', names)}</thead><tbody>{body}</tbody></table>{more}"


def _table(data_json: bytes) -> tuple[list[tuple[str, str | None]], list[dict[str, Any]]]:
    """Names with types (None where nothing says them) in order, and rows."""
    document = orjson.loads(data_json) if data_json else None
    declared: list[dict[str, str]] = []
    if isinstance(document, dict) and isinstance(document.get("rows"), list):
        declared = document.get("columns") or []
        document = document["rows"]
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        return [], []
    columns: dict[str, str | None] = {each["name"]: each["type"] for each in declared}
    if not columns:
        columns = dict.fromkeys(name for row in document for name in row)
    return list(columns.items()), document


def _html_row(tag: str, values: Sequence[Any]) -> str:
    cells = "".join(f"<{tag}>{html.escape(_text(value))}</{tag}>" for value in values)
    return f"<tr>{cells}</tr>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _pretty(data_json: bytes) -> str:
    return orjson.dumps(orjson.loads(data_json or b"null"), option=orjson.OPT_INDENT_2).decode()

"""A tabular answer in the forms people use: rows, an Arrow table, a DataFrame, an HTML table.

A table is `{"columns": [...], "rows": [...]}` with the target's type names, `{"rows": [...]}`, or a
bare list of objects; anything else is no table and has no rows.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from engine.model.execution import Column

HTML_ROWS = 100


@dataclass(frozen=True)
class TabularData:
    """Column names with their types, None where nothing says them, and the rows as decoded."""

    columns: tuple[tuple[str, str | None], ...]
    rows: Sequence[Mapping[str, Any]]


def document_start(columns: Sequence[Column]) -> bytes:
    """The JSON document of a table up to its first row."""
    described = orjson.dumps([{"name": each.name, "type": each.type} for each in columns])
    return b'{"columns":%b,"rows":[' % described


def document_end(row_count: int, *, truncated: bool) -> bytes:
    """The JSON document of a table from behind its last row on."""
    return b'],"row_count":%d,"truncated":%b}' % (row_count, b"true" if truncated else b"false")


def table_of(document: Any) -> TabularData | None:
    """Read a decoded answer as a table; None when it is none."""
    declared: Sequence[Mapping[str, str]] = ()
    if isinstance(document, dict) and isinstance(document.get("rows"), list):
        declared = document.get("columns") or ()
        document = document["rows"]
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        return None
    if declared:
        columns: tuple[tuple[str, str | None], ...] = tuple(
            (each["name"], each["type"]) for each in declared
        )
    else:
        columns = tuple((name, None) for name in dict.fromkeys(n for row in document for n in row))
    return TabularData(columns, document)


def rows_of(data_json: bytes) -> list[dict[str, Any]]:
    """The rows as JSON says them; empty when the answer is no table."""
    table = table_of(_decoded(data_json))
    return [dict(row) for row in table.rows] if table else []


def arrow_of(data_json: bytes) -> pa.Table:
    """The rows as an Arrow table: exact types where the target named them, otherwise inferred.

    A column that Arrow's type cannot hold (an infinite date, a NaN among decimals, mixed types) is
    a column of strings. An answer that is no table has no columns.
    """
    from engine.model import arrow_columns  # noqa: PLC0415  # pyarrow is heavy, answers are light

    table = table_of(_decoded(data_json))
    return arrow_columns.table(table.columns, table.rows) if table else arrow_columns.table((), ())


def frame_of(data_json: bytes) -> pd.DataFrame:
    """The rows as a DataFrame, through Arrow."""
    frame: pd.DataFrame = arrow_of(data_json).to_pandas()
    return frame


def html_of(data_json: bytes) -> str:
    """An HTML table of the first rows, or the JSON where there is no table; everything escaped."""
    document = _decoded(data_json)
    table = table_of(document)
    if table is None or not table.columns:
        pretty = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
        return f"<pre>{html.escape(pretty)}</pre>"
    names = [name for name, _ in table.columns]
    shown = table.rows[:HTML_ROWS]
    body = "".join(_html_row("td", [row.get(name) for name in names]) for row in shown)
    rest = len(table.rows) - len(shown)
    more = f"<p>{rest} more rows</p>" if rest else ""
    return f"<table><thead>{_html_row('th', names)}</thead><tbody>{body}</tbody></table>{more}"


def _decoded(data_json: bytes) -> Any:
    return orjson.loads(data_json) if data_json else None


def _html_row(tag: str, values: Sequence[Any]) -> str:
    cells = "".join(f"<{tag}>{html.escape(_text(value))}</{tag}>" for value in values)
    return f"<tr>{cells}</tr>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()

"""A tabular answer as CSV, Parquet or Arrow IPC, made from its JSON."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from engine.errors import BadRequestError
from engine.model.tabular import TabularData, arrow_of, rows_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

_UNFIT_FOR_PARQUET = ("interval", "struct<>")
_COLUMNS, _ROWS = '{"columns":', ',"rows":['
_PIECE = 65_536
_NEEDS_QUOTES = re.compile(r"[\",\r\n]|^$")


def to_csv(data_json: bytes) -> bytes:
    """CSV as RFC 4180 has it: UTF-8, a header, CRLF.

    NULL is an empty field and an empty string is `""`. Numbers keep every digit, nested values are
    JSON. Values are written as they are: a cell that begins with `=` is not altered, so a
    spreadsheet that runs formulas must be told to import text.

    Raises:
        BadRequestError: The answer is no table.
    """
    table = _table(json.loads(data_json, parse_float=_Literal, parse_int=_Literal))
    names = [name for name, _ in table.columns]
    lines = [_line(names), *(_line([row.get(name) for name in names]) for row in table.rows)]
    return "".join(lines).encode()


def csv_pieces(data_json: bytes) -> Iterator[bytes] | None:
    """The CSV of a large table in pieces, each decoded and written when it is asked for.

    Beside the answer itself, memory holds one piece at a time. None where the answer does not begin
    as the targets write a table; `to_csv` tells what is wrong with it, if anything.
    """
    text = data_json.decode()
    if not text.startswith(_COLUMNS):
        return None
    columns, end = _ROW_DECODER.raw_decode(text, len(_COLUMNS))
    if not text.startswith(_ROWS, end):
        return None
    return _pieces([each["name"] for each in columns], text, end + len(_ROWS))


def _pieces(names: Sequence[str], text: str, index: int) -> Iterator[bytes]:
    lines, size = [_line(names)], 0
    while text[index] != "]":
        row, index = _ROW_DECODER.raw_decode(text, index)
        lines.append(_line([row.get(name) for name in names]))
        size += len(lines[-1])
        if size > _PIECE:
            yield "".join(lines).encode()
            lines, size = [], 0
        index += text[index] == ","
    yield "".join(lines).encode()


def csv_of_batches(names: Sequence[str], batches: Iterable[bytes]) -> Iterator[bytes]:
    """The CSV of rows that come as JSON arrays, as `to_csv` writes them; one piece for each."""
    yield _line(names).encode()
    for batch in batches:
        rows = json.loads(batch, parse_float=_Literal, parse_int=_Literal)
        yield "".join(_line([row.get(name) for name in names]) for row in rows).encode()


def to_parquet(data_json: bytes) -> bytes:
    """A Parquet file with exact types; what Arrow cannot write to it goes as text.

    These are intervals, as ISO 8601, and structs without fields.

    Raises:
        BadRequestError: The answer is no table.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415  # heavy, and asked for rarely

    buffer = io.BytesIO()
    pq.write_table(_fit_for_parquet(_arrow(data_json), data_json), buffer, compression="zstd")
    return buffer.getvalue()


def to_arrow_ipc(data_json: bytes) -> bytes:
    """An Arrow IPC stream with exact types.

    Raises:
        BadRequestError: The answer is no table.
    """
    import pyarrow as pa  # noqa: PLC0415  # heavy, and asked for rarely

    table = _arrow(data_json)
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def _arrow(data_json: bytes) -> pa.Table:
    _table(orjson.loads(data_json))
    return arrow_of(data_json)


def _fit_for_parquet(table: pa.Table, data_json: bytes) -> pa.Table:
    from engine.model import arrow_columns  # noqa: PLC0415  # needs pyarrow

    rows = rows_of(data_json)
    for index, field in enumerate(table.schema):
        if is_unfit_for_parquet(field.type):
            texts = arrow_columns.text_column([row.get(field.name) for row in rows])
            table = table.set_column(index, field.name, texts)
    return table


def is_unfit_for_parquet(arrow_type: pa.DataType) -> bool:
    """Whether Arrow cannot write such values to Parquet."""
    return any(unfit in str(arrow_type) for unfit in _UNFIT_FOR_PARQUET)


class _Literal(str):
    """A JSON number as it was written."""

    __slots__ = ()


_ROW_DECODER = json.JSONDecoder(parse_float=_Literal, parse_int=_Literal)


def _table(document: Any) -> TabularData:
    table = table_of(document)
    if table is None:
        raise BadRequestError(
            "the answer is no table, so it cannot be given in this format",
            hint="Ask for application/json.",
        )
    return table


def _line(values: Sequence[Any]) -> str:
    return ",".join(_field(value) for value in values) + "\r\n"


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else _document(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(text) else text


def _document(value: Any) -> str:
    """JSON of a nested value, its numbers as they were written."""
    if isinstance(value, _Literal):
        return value
    if isinstance(value, dict):
        pairs = (
            f"{json.dumps(key, ensure_ascii=False)}:{_document(v)}" for key, v in value.items()
        )
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_document, value)) + "]"
    return json.dumps(value, ensure_ascii=False)

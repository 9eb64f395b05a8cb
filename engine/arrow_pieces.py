"""A large answer as Arrow IPC or Parquet, a piece at a time; imports pyarrow, so import it late.

The types of a column follow from its values where its own type does not say enough: a decimal
without declared digits, an infinite date. So the rows are read twice, once for the types that fit
all of them and once to be written. Memory holds one batch.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from engine.formats import is_unfit_for_parquet
from engine.model import arrow_columns
from engine.model.large_answer import LargeAnswer

_GROUP_ROWS = 65_536
_GROUP_BYTES = 4 * 1_048_576
_MAX_PRECISION = {pa.decimal128: 38, pa.decimal256: 76}


@dataclass(frozen=True)
class _Column:
    """How a column is written; `as_text` where no type of Arrow holds all its values."""

    name: str
    sql_type: str
    arrow_type: pa.DataType
    as_text: bool = False

    def array(self, rows: list[dict[str, object]]) -> pa.Array:
        values = [row.get(self.name) for row in rows]
        if self.as_text:
            return arrow_columns.text_column(values)
        array = arrow_columns.column(self.sql_type, values)
        return array if array.type == self.arrow_type else array.cast(self.arrow_type)


def arrow_pieces(answer: LargeAnswer) -> Iterator[bytes]:
    """An Arrow IPC stream with exact types."""
    columns = _columns(answer)
    sink = _Sink()
    with pa.ipc.new_stream(sink, _schema(columns)) as writer:
        for table in _tables(answer, columns):
            writer.write_table(table)
            yield sink.taken()
    yield sink.taken()


def parquet_pieces(answer: LargeAnswer) -> Iterator[bytes]:
    """A Parquet file with exact types; what Arrow cannot write to it goes as text."""
    columns = [
        _as_text(column) if is_unfit_for_parquet(column.arrow_type) else column
        for column in _columns(answer)
    ]
    sink = _Sink()
    with pq.ParquetWriter(sink, _schema(columns), compression="zstd") as writer:
        for table in _grouped(_tables(answer, columns)):
            writer.write_table(table)
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that is taken away as it is written."""

    def __init__(self) -> None:
        self._written = bytearray()
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: bytes) -> int:  # type: ignore[override]  # Arrow writes buffers
        self._written += data
        self._position += len(data)
        return len(data)

    def taken(self) -> bytes:
        written = bytes(self._written)
        self._written.clear()
        return written


def _schema(columns: list[_Column]) -> pa.Schema:
    return pa.schema([(column.name, column.arrow_type) for column in columns])


def _tables(answer: LargeAnswer, columns: list[_Column]) -> Iterator[pa.Table]:
    schema = _schema(columns)
    for batch in answer.rows():
        rows = orjson.loads(batch)
        yield pa.Table.from_arrays([column.array(rows) for column in columns], schema=schema)


def _grouped(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Tables put together to row groups that are worth their place in the file."""
    group: list[pa.Table] = []
    for table in tables:
        group.append(table)
        rows, size = sum(each.num_rows for each in group), sum(each.nbytes for each in group)
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.concat_tables(group)
            group = []
    if group:
        yield pa.concat_tables(group)


def _columns(answer: LargeAnswer) -> list[_Column]:
    """Each column with the narrowest type that holds all its values."""
    found: list[_Column] = []
    for batch in answer.rows():
        rows = orjson.loads(batch)
        seen = [
            _Column(
                each.name, each.type, arrow_columns.column(each.type, _values(rows, each.name)).type
            )
            for each in answer.columns
        ]
        found = list(map(_joined, found, seen)) if found else seen
    return found


def _values(rows: list[dict[str, object]], name: str) -> list[object]:
    return [row.get(name) for row in rows]


def _joined(known: _Column, seen: _Column) -> _Column:
    if known.as_text or known.arrow_type == seen.arrow_type:
        return known
    wider = _wider(known.arrow_type, seen.arrow_type)
    if wider is None:
        return _as_text(known)
    return _Column(known.name, known.sql_type, wider)


def _as_text(column: _Column) -> _Column:
    return _Column(column.name, column.sql_type, pa.string(), as_text=True)


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type that holds the values of both, where there is one."""
    if one == other:
        return one
    if pa.types.is_decimal(one) and pa.types.is_decimal(other):
        return _wider_decimal(one, other)
    if pa.types.is_list(one) and pa.types.is_list(other):
        items = _wider(one.value_type, other.value_type)
        return items and pa.list_(items)
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return _wider_struct(one, other)
    return None


def _wider_decimal(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    scale = max(one.scale, other.scale)
    precision = scale + max(one.precision - one.scale, other.precision - other.scale)
    if precision > _MAX_PRECISION[pa.decimal256]:
        return None
    wide = pa.decimal128 if precision <= _MAX_PRECISION[pa.decimal128] else pa.decimal256
    return wide(precision, scale)


def _wider_struct(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if [field.name for field in one] != [field.name for field in other]:
        return None
    types = [_wider(mine.type, theirs.type) for mine, theirs in zip(one, other, strict=True)]
    if any(each is None for each in types):
        return None
    return pa.struct([pa.field(field.name, each) for field, each in zip(one, types, strict=True)])

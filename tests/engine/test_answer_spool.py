"""Rows of one attempt, held while they are few and then in a file, and what is made of it."""

import io

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.answer_spool import HELD_BYTES, AnswerSpool
from engine.arrow_pieces import arrow_pieces, parquet_pieces
from engine.formats import csv_of_batches, to_arrow_ipc, to_csv, to_parquet
from engine.masking import mask_answer
from engine.model import Column
from storage.answer_files import TemporaryAnswerFiles

BATCHES: list[list[dict[str, object]]] = [
    [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
    [{"a": 3, "b": "\u00e9"}],
]
COLUMNS = (Column(name="a", type="BIGINT"), Column(name="b", type="VARCHAR"))


@pytest.fixture
def files(tmp_path):
    return TemporaryAnswerFiles(tmp_path, max_bytes=64 * 1_048_576)


@pytest.fixture
def spooled(files):
    def spool(batches=BATCHES, columns=COLUMNS, *, held_rows=0, log_bytes=1000, **masks):
        masks = {"masks": {}, "log_masks": {}, **masks}
        sink = AnswerSpool(files, held_rows=held_rows, log_bytes=log_bytes, **masks)
        sink.begin(columns)
        for rows in batches:
            sink.add(orjson.dumps(rows), len(rows))
        return sink.payload(truncated=False)

    return spool


def document_of(payload):
    return b"".join(payload.large.pieces()) if payload.large else payload.json


def test_a_spooled_answer_is_the_document_of_a_held_one(spooled):
    held, large = spooled(held_rows=3), spooled(held_rows=2)

    assert (held.large, large.json) == (None, b"null")
    assert document_of(large) == held.json
    assert (large.row_count, large.columns) == (held.row_count, held.columns) == (3, COLUMNS)
    assert orjson.loads(held.json)["rows"] == [row for batch in BATCHES for row in batch]


def test_few_rows_that_are_large_go_to_the_file_too(spooled):
    batch = [{"a": 1, "b": "x" * HELD_BYTES}]

    assert spooled([batch], held_rows=10).large is not None


def test_an_answer_without_rows_is_held(spooled):
    assert orjson.loads(spooled([]).json)["rows"] == []


@pytest.mark.parametrize("action", ["hash", "redact", "drop"])
def test_masks_are_those_of_a_held_answer(spooled, action):
    masks = {"b": action}

    large = spooled(masks=masks, log_masks=masks)

    wanted = mask_answer(spooled(held_rows=3).json, masks)
    assert document_of(large) == wanted
    assert large.large.log_head == wanted


def test_the_log_is_masked_where_the_caller_is_not(spooled):
    large = spooled(log_masks={"b": "redact"}).large

    assert b"***" not in b"".join(large.pieces())
    assert large.log_head == mask_answer(b"".join(large.pieces()), {"b": "redact"})


def test_the_log_sees_that_there_was_more(spooled):
    large = spooled(log_bytes=80).large

    assert large.log_head == b"".join(large.pieces())[:81]


def test_an_attempt_that_failed_leaves_nothing(files):
    sink = AnswerSpool(files, held_rows=0, masks={}, log_masks={}, log_bytes=10)
    sink.begin(COLUMNS)
    sink.add(b"[{}]", 1)
    assert files.used_bytes > 0

    sink.discard()

    assert files.used_bytes == 0


VARIED = [
    ("numeric", ["1.5", "12345678901234567890"], ["0.00001", None]),
    ("numeric", ["1.5"], ["9" * 70]),
    ("numeric", ["1.5"], ["NaN"]),
    ("numeric", ["9" * 50], ["0." + "1" * 50]),
    ("numeric[]", [["1.5"]], [["0.25", None], None]),
    ("STRUCT(x BIGNUM, y VARCHAR)", [{"x": "1", "y": "a"}], [{"x": "12345", "y": None}]),
    ("DATE", ["2013-01-01"], ["infinity"]),
    ("DATE", [None], ["2013-01-01"]),
    ("BIGINT", [1], ["***"]),
    ("JSON", [{"k": 1}], ["text"]),
    ("INTERVAL", ["P1M"], ["PT1H"]),
]


@pytest.mark.parametrize(("sql_type", "first", "second"), VARIED)
def test_a_type_fits_the_values_of_every_batch(spooled, sql_type, first, second):
    batches = [[{"v": value} for value in values] for values in (first, second)]
    columns = (Column(name="v", type=sql_type),)

    large = spooled(batches, columns).large
    document = b"".join(large.pieces())
    arrow, parquet = b"".join(arrow_pieces(large)), b"".join(parquet_pieces(large))

    assert b"".join(csv_of_batches(["v"], large.rows())) == to_csv(document)
    assert (
        pa.ipc.open_stream(arrow)
        .read_all()
        .equals(pa.ipc.open_stream(to_arrow_ipc(document)).read_all())
    )
    assert pq.read_table(io.BytesIO(parquet)).equals(
        pq.read_table(io.BytesIO(to_parquet(document)))
    )

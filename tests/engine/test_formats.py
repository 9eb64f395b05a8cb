"""CSV, Parquet and Arrow of a tabular answer."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadRequestError
from engine.formats import csv_pieces, to_arrow_ipc, to_csv, to_parquet

TYPED = (
    b'{"columns":[{"name":"n","type":"numeric(10,2)"},{"name":"i","type":"interval"}],'
    b'"rows":[{"n":1.10,"i":"P1M"},{"n":null,"i":null}],"row_count":2,"truncated":false}'
)


def test_csv_keeps_every_digit_and_tells_null_from_empty():
    document = (
        b'[{"a":1.50,"b":"","c":null,"d":true},{"a":"9007199254740993","b":"x","c":0,"d":false}]'
    )

    assert to_csv(document) == b'a,b,c,d\r\n1.50,"",,true\r\n9007199254740993,x,0,false\r\n'


def test_csv_quotes_what_rfc_4180_says():
    document = json.dumps([{'say "a"': "x,y", "b": "line\r\nbreak", "c": "=1+1"}]).encode()

    assert to_csv(document) == b'"say ""a""",b,c\r\n"x,y","line\r\nbreak",=1+1\r\n'


def test_csv_holds_nested_values_as_json():
    assert (
        to_csv(b'[{"a":{"x":[1.0,null,"\\u00e9"]}}]')
        == 'a\r\n"{""x"":[1.0,null,""é""]}"\r\n'.encode()
    )


def test_csv_of_an_answer_without_rows_is_its_header():
    assert to_csv(b'{"columns":[{"name":"a","type":"text"}],"rows":[]}') == b"a\r\n"


@given(st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.text()}), min_size=1))
def test_any_text_comes_back_from_csv(rows):
    written = to_csv(json.dumps(rows).encode()).decode()

    assert list(csv.DictReader(io.StringIO(written, newline=""))) == rows


def test_csv_in_pieces_is_the_same_csv():
    rows = ",".join(f'{{"n":{n}.50,"t":"a,{n}"}}' for n in range(20_000))
    columns = '[{"name":"n","type":"double"},{"name":"t","type":"text"}]'
    document = f'{{"columns":{columns},"rows":[{rows}],"row_count":20000}}'.encode()

    pieces = list(csv_pieces(document) or ())

    assert len(pieces) > 3
    assert b"".join(pieces) == to_csv(document)
    assert b"".join(csv_pieces(TYPED) or ()) == to_csv(TYPED)


@pytest.mark.parametrize("document", [b'[{"a":1}]', b'{"columns":[],"more":1}', b"7"])
def test_what_does_not_begin_as_a_table_has_no_pieces(document):
    assert csv_pieces(document) is None


def test_parquet_keeps_types_and_writes_intervals_as_text():
    table = pq.read_table(io.BytesIO(to_parquet(TYPED)))

    assert table.schema == pa.schema({"n": pa.decimal128(10, 2), "i": pa.string()})
    assert table["i"].to_pylist() == ["P1M", None]


def test_arrow_keeps_types():
    table = pa.ipc.open_stream(to_arrow_ipc(TYPED)).read_all()

    assert table.schema == pa.schema({"n": pa.decimal128(10, 2), "i": pa.month_day_nano_interval()})


@pytest.mark.parametrize("write", [to_csv, to_parquet, to_arrow_ipc])
@pytest.mark.parametrize("document", [b'{"a":1}', b"[1]", b"null", b'"text"'])
def test_what_is_no_table_is_refused(write, document):
    with pytest.raises(BadRequestError, match="no table"):
        write(document)

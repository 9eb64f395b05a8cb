"""Answers in the forms people use."""

from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pyarrow as pa
import pytest

from engine.model.sql_types import SqlType, parse_type
from engine.model.tabular import arrow_of, frame_of, html_of, rows_of


def answer(columns, rows):
    return orjson.dumps(
        {
            "columns": [{"name": name, "type": kind} for name, kind in columns.items()],
            "rows": rows,
            "row_count": len(rows),
            "truncated": False,
        }
    )


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        (b'{"columns":[],"rows":[{"a":1}]}', [{"a": 1}]),
        (b'{"rows":[{"a":1},{"b":2}]}', [{"a": 1}, {"b": 2}]),
        (b'[{"a":1}]', [{"a": 1}]),
        (b"[]", []),
        (b"[1,2]", []),
        (b'{"a":1}', []),
        (b"7", []),
        (b"null", []),
        (b"", []),
    ],
)
def test_rows_are_found_where_there_are_any(document, rows):
    assert rows_of(document) == rows


def test_arrow_columns_have_the_exact_types_that_were_named():
    document = answer(
        {"n": "numeric", "at": "timestamp with time zone", "day": "DATE", "big": "bigint"},
        [
            {
                "n": 1.1,
                "at": "2013-01-01T05:00:00Z",
                "day": "2013-01-01",
                "big": "9007199254740993",
            },
            {"n": "12345678901234567.25", "at": None, "day": None, "big": 1},
        ],
    )

    table = arrow_of(document)

    assert table.to_pydict() == {
        "n": [Decimal("1.10"), Decimal("12345678901234567.25")],
        "at": [datetime(2013, 1, 1, 5, tzinfo=UTC), None],
        "day": [date(2013, 1, 1), None],
        "big": [9007199254740993, 1],
    }


def test_an_empty_answer_keeps_its_columns_and_types():
    table = arrow_of(answer({"a": "INTEGER", "b": "VARCHAR[]"}, []))

    assert table.schema == pa.schema({"a": pa.int32(), "b": pa.list_(pa.string())})


def test_untyped_rows_are_inferred_and_mixed_ones_become_text():
    table = arrow_of(b'[{"a":1,"b":1.5,"c":1},{"a":null,"b":2,"c":"x"},{"d":[1]}]')

    assert table["a"].to_pylist() == [1, None, None]
    assert table["b"].to_pylist() == [1.5, 2.0, None]
    assert table["c"].to_pylist() == ["1", "x", None]
    assert table["d"].to_pylist() == [None, None, [1]]


def test_an_answer_without_rows_is_an_empty_frame():
    assert frame_of(b'{"a":1}').shape == (0, 0)


def test_a_frame_has_the_rows():
    frame = frame_of(answer({"a": "INTEGER", "b": "text"}, [{"a": 1, "b": "x"}]))

    assert frame.to_dict("records") == [{"a": 1, "b": "x"}]


def test_html_is_escaped():
    shown = html_of(answer({"<b>": "text"}, [{"<b>": "<script>alert(1)</script>"}]))

    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "&lt;b&gt;" in shown


def test_html_of_what_is_no_table_is_its_json():
    assert html_of(b'{"a":"<x>"}') == "<pre>{\n  &quot;a&quot;: &quot;&lt;x&gt;&quot;\n}</pre>"


def test_html_of_many_rows_says_how_many_are_left_out():
    shown = html_of(answer({"a": "INTEGER"}, [{"a": number} for number in range(130)]))

    assert shown.count("<tr>") == 101
    assert "30 more rows" in shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DECIMAL(18,2)", SqlType("decimal", arguments=(18, 2))),
        ("timestamp(3) with time zone", SqlType("timestamp with time zone", arguments=(3,))),
        (
            "VARCHAR[][3]",
            SqlType("list", children=(SqlType("list", children=(SqlType("varchar"),)),), size=3),
        ),
        ("STRUCT()", SqlType("struct")),
        (
            'STRUCT("a, (b" INTEGER, "say ""hi""" DECIMAL(4,1)[])',
            SqlType(
                "struct",
                children=(
                    SqlType("integer"),
                    SqlType("list", children=(SqlType("decimal", arguments=(4, 1)),)),
                ),
                names=("a, (b", 'say "hi"'),
            ),
        ),
        (
            "MAP(VARCHAR, STRUCT(a DATE))",
            SqlType(
                "map",
                children=(
                    SqlType("varchar"),
                    SqlType("struct", children=(SqlType("date"),), names=("a",)),
                ),
            ),
        ),
        ('"My Type"', SqlType('"my type"')),
    ],
)
def test_type_names_are_read(name, expected):
    assert parse_type(name) == expected

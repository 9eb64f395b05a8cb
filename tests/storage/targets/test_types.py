"""Every row of the tables in docs/types.md is true: type name, JSON and Arrow, there and back."""

import io
import json
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.deadline import Deadline
from engine.formats import to_arrow_ipc, to_csv, to_parquet
from engine.model.arrow_columns import column
from engine.model.tabular import arrow_of
from engine.ports import BoundQuery
from storage.targets import encoding
from storage.targets.duckdb_types import interval_duration

DOCUMENT = Path(__file__).parents[3] / "docs" / "types.md"
ROW = re.compile(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \| `(.+?)` \|$", re.MULTILINE)
SECTIONS = dict(
    re.findall(r"^## (DuckDB|PostgreSQL)\n(.*?)(?=^## )", DOCUMENT.read_text(), re.M | re.S)
)
DUCKDB_ROWS = ROW.findall(SECTIONS["DuckDB"])
POSTGRES_ROWS = ROW.findall(SECTIONS["PostgreSQL"])


def answer(target, example):
    rows = target.fetch(
        BoundQuery(f"select {example} as v"), max_rows=1, deadline=Deadline.after(10)
    )
    columns = [{"name": each.name, "type": each.type} for each in rows.columns]
    return orjson.dumps({"columns": columns, "rows": orjson.Fragment(rows.rows_json)})


def check(target, row):
    sql_type, example, json_value, arrow_type = row
    document = answer(target, example)

    table = arrow_of(document)

    assert orjson.loads(document)["columns"] == [{"name": "v", "type": sql_type}]
    assert document.endswith(b'"rows":[{"v":%b}]}' % json_value.encode())
    assert str(table.schema[0].type) == arrow_type
    assert restated(table["v"][0].as_py(), json_value)


def restated(value, json_value):
    """Whether a value rebuilt in Arrow is worth what its JSON says."""
    expected = orjson.loads(json_value)
    if isinstance(value, bool | None | list | dict | bytes | tuple) or isinstance(
        expected, list | dict
    ):
        return (value is None) == (expected is None)
    if isinstance(value, Decimal | int):
        return value == Decimal(json_value.strip('"'))
    if isinstance(value, float):
        return value == pytest.approx(float(expected), rel=1e-6, nan_ok=True)
    return value == expected or not isinstance(value, str)


@pytest.mark.parametrize("row", DUCKDB_ROWS, ids=lambda row: row[1])
def test_a_duckdb_type_is_as_documented(duckdb_target, row):
    check(duckdb_target, row)


@pytest.mark.parametrize("row", POSTGRES_ROWS, ids=lambda row: row[1])
def test_a_postgres_type_is_as_documented(postgres_target, row):
    check(postgres_target, row)


def test_every_duckdb_type_is_documented():
    documented = {re.split(r"[(\[]", name)[0].strip('"') for name, *_ in DUCKDB_ROWS}
    documented |= {"LIST", "ARRAY", "MAP", "STRUCT", "UNION", "TUPLE", "ENUM"}
    names = duckdb.execute("select distinct upper(logical_type) from duckdb_types() where internal")

    missing = {name for (name,) in names.fetchall()} - documented

    assert missing == set()


@pytest.mark.parametrize("rows", [DUCKDB_ROWS, POSTGRES_ROWS], ids=["duckdb", "postgres"])
def test_every_type_can_be_written_in_every_format(rows, request):
    target = request.getfixturevalue("duckdb_target" if rows is DUCKDB_ROWS else "postgres_target")
    examples = ", ".join(f"{example} as c{number}" for number, (_, example, *_) in enumerate(rows))
    found = target.fetch(BoundQuery(f"select {examples}"), max_rows=1, deadline=Deadline.after(10))
    columns = [{"name": each.name, "type": each.type} for each in found.columns]
    document = orjson.dumps({"columns": columns, "rows": orjson.Fragment(found.rows_json)})

    parquet = pq.read_table(io.BytesIO(to_parquet(document)))
    arrow = pa.ipc.open_stream(to_arrow_ipc(document)).read_all()

    assert parquet.num_rows == arrow.num_rows == 1
    assert parquet.num_columns == arrow.num_columns == len(rows)
    assert to_csv(document).count(b"\r\n") == 2


def test_the_extremes_of_every_duckdb_type_are_read_and_written(duckdb_target):
    found = duckdb_target.fetch(
        BoundQuery("select * from test_all_types()"), max_rows=5, deadline=Deadline.after(10)
    )
    columns = [{"name": each.name, "type": each.type} for each in found.columns]
    document = orjson.dumps({"columns": columns, "rows": orjson.Fragment(found.rows_json)})

    table = pq.read_table(io.BytesIO(to_parquet(document)))

    assert table.num_rows == 3
    assert table["hugeint"].to_pylist() == [-(2**127), 2**127 - 1, None]
    assert table["ubigint"].to_pylist() == [0, 2**64 - 1, None]
    assert table["dec38_10"].to_pylist()[1] == Decimal("9999999999999999999999999999.9999999999")


@given(st.integers())
def test_any_integer_survives_a_reader_of_doubles(value):
    encoded = orjson.loads(orjson.dumps(encoding.integer(value)))

    assert int(encoded) == value
    assert isinstance(encoded, str) or int(float(encoded)) == value


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20
    )
)
def test_any_decimal_survives_a_reader_of_doubles(value):
    encoded = orjson.loads(orjson.dumps(encoding.decimal(value)))

    assert Decimal(str(encoded)) == value


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.decimals(
                allow_nan=False,
                allow_infinity=False,
                places=4,
                min_value=-(10**12),
                max_value=10**12,
            ),
        )
    )
)
def test_decimals_come_back_exact_in_arrow(values):
    encoded = [None if each is None else encoding.decimal(each) for each in values]
    decoded = orjson.loads(orjson.dumps(encoded))

    assert column("DECIMAL(18,4)", decoded).to_pylist() == values


@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.text(),
            st.integers(),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
        max_leaves=8,
    )
)
def test_a_json_document_keeps_its_values_or_says_them_as_text(value):
    text = json.dumps(value)

    encoded = orjson.loads(orjson.dumps(encoding.json_document(text)))

    assert same_or_text(encoded, value)


def same_or_text(encoded, value):
    if isinstance(value, dict):
        return encoded.keys() == value.keys() and all(
            same_or_text(encoded[k], value[k]) for k in value
        )
    if isinstance(value, list):
        return len(encoded) == len(value) and all(map(same_or_text, encoded, value))
    if isinstance(encoded, str) and isinstance(value, int | float):
        return type(value)(encoded) == value
    return encoded == value


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("00:00:00", "PT0S"),
        ("1 year 2 months 3 days 04:05:06.7", "P1Y2M3DT4H5M6.7S"),
        ("-10 months 3 days -04:05:06.7", "P-10M3DT-4H-5M-6.7S"),
        ("-1 year -2 months", "P-1Y-2M"),
        ("1 month", "P1M"),
        ("100:00:00", "PT100H"),
        ("-00:00:00.000001", "PT-0.000001S"),
    ],
)
def test_duckdb_intervals_are_read_exactly(text, duration):
    assert interval_duration(text) == duration

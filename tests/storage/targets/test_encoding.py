"""Rows as JSON: a column converted at once gives what its values give one by one."""

from typing import Any

import orjson
import pytest

from storage.targets import encoding

USUAL: dict[Any, list[Any]] = {
    encoding.integer: [0, -1, 2**53 - 1, -(2**53) + 1],
    encoding.real: [0.0, -1.5, 1e300, 5e-324],
    encoding.timestamp_text: ["2026-01-02 03:04:05", "1999-12-31 23:59:59.123456"],
    encoding.decimal_text: ["1.50", "-0.00", "123456789012.345", "0.000001"],
}
UNUSUAL = [
    (encoding.integer, 2**53),
    (encoding.integer, None),
    (encoding.real, float("nan")),
    (encoding.real, float("-inf")),
    (encoding.timestamp_text, "infinity"),
    (encoding.timestamp_text, "0044-03-15 00:00:00 BC"),
    (encoding.timestamp_text, "12026-01-02 03:04:05"),
    (encoding.timestamp_text, "2026-01-02"),
    (encoding.timestamp_text, "2026-01-02 03:04:05+05:30"),
    (encoding.timestamp_text, "2026-01-02 03:04:05+00"),
    (encoding.decimal_text, "12345678901234.567"),
    (encoding.decimal_text, "NaN"),
    (encoding.decimal_text, "-Infinity"),
    (encoding.decimal_text, None),
]


def one_by_one(values, convert):
    converted = [None if value is None else convert(value) for value in values]
    return orjson.dumps([{"c": value} for value in converted])


def encoded(values, convert):
    return encoding.encode_rows(["c"], [(value,) for value in values], {0: convert})


@pytest.mark.parametrize("convert", USUAL)
def test_a_column_of_usual_values_is_as_its_values(convert):
    assert encoded(USUAL[convert], convert) == one_by_one(USUAL[convert], convert)


@pytest.mark.parametrize("zone", ["+00", "-03", "+05:30"])
def test_times_of_one_zone_are_as_each_of_them(zone):
    values = [f"{each}{zone}" for each in USUAL[encoding.timestamp_text]]

    assert encoded(values, encoding.timestamp_text) == one_by_one(values, encoding.timestamp_text)


@pytest.mark.parametrize(("convert", "value"), UNUSUAL)
def test_one_unusual_value_changes_none_of_the_others(convert, value):
    values = [*USUAL[convert], value, *USUAL[convert]]

    assert encoded(values, convert) == one_by_one(values, convert)


def test_no_rows_are_an_empty_list():
    assert encoding.encode_rows(["c"], [], {0: encoding.real}) == b"[]"

"""Every example of `docs/types.md` is a value that its column's schema allows."""

import json
import re
from pathlib import Path

import pytest

from engine.model import Column
from engine.model.column_schema import column_schema, table_schema

PAGE = (Path(__file__).parents[3] / "docs" / "types.md").read_text(encoding="utf-8")
EXAMPLES = [
    (type_name, json.loads(written))
    for type_name, written in re.findall(r"^\| `(.+?)` \| `.+` \| `(.+)` \| `.+` \|$", PAGE, re.M)
]
NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}


def is_allowed(value, schema):
    if "type" not in schema:
        return True
    name = "null" if value is None else NAMES.get(type(value), "object")
    if name not in schema["type"] and not (name == "integer" and "number" in schema["type"]):
        return False
    if isinstance(value, list):
        return all(is_allowed(item, schema.get("items", {})) for item in value)
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        return all(is_allowed(item, fields.get(key, {})) for key, item in value.items())
    return True


@pytest.mark.parametrize(("type_name", "value"), EXAMPLES)
def test_an_example_fits_the_schema_of_its_type(type_name, value):
    assert is_allowed(value, column_schema(type_name))
    assert is_allowed(None, column_schema(type_name))


def test_the_examples_are_found():
    assert len(EXAMPLES) > 70


@pytest.mark.parametrize(
    ("type_name", "types"),
    [
        ("INTEGER", ["integer", "null"]),
        ("BIGINT", ["integer", "string", "null"]),
        ("numeric(18,2)", ["number", "string", "null"]),
        ("timestamp(3) with time zone", ["string", "null"]),
        ("VARCHAR[]", ["array", "null"]),
    ],
)
def test_a_known_type_says_what_it_can_be(type_name, types):
    assert column_schema(type_name)["type"] == types


def test_a_type_of_an_extension_promises_nothing():
    assert column_schema("hstore") == {"x-sql-type": "hstore"}


def test_beside_masked_columns_nothing_is_said_of_nested_values():
    columns = [Column(name="s", type="STRUCT(a INTEGER)"), Column(name="m", type="INTEGER")]

    row = table_schema(columns, masked={"m"})["properties"]["rows"]["items"]

    assert "properties" not in row["properties"]["s"]
    assert (row["properties"]["m"], row["required"]) == ({}, ["s"])

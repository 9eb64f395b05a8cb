"""The table of parameters says the same as the schema it was made from."""

from typing import Any

from engine.model import ParamSpec
from pages.build.definition.param_table import rows_of, schema_of

SCHEMA: dict[str, dict[str, Any]] = {
    "origin": {"type": "text", "default": "JFK", "enum": ["EWR", "JFK"], "description": "From"},
    "limit": {"type": "integer", "required": True, "min": 1, "max": 100, "secret": True},
    "tags": {"type": "array", "default": ["a", "b"], "items": {"type": "text"}},
    "code": {"type": "text", "default": "007"},
    "q": {"type": "text", "default": ""},
    "sure": {"type": "boolean", "default": False},
}


def specs(schema):
    return {name: ParamSpec.model_validate(spec) for name, spec in schema.items()}


def test_a_schema_survives_the_way_through_the_table():
    assert specs(schema_of(rows_of(SCHEMA), SCHEMA)) == specs(SCHEMA)


def test_what_the_table_has_no_column_for_is_kept():
    again = schema_of(rows_of(SCHEMA), SCHEMA)

    assert again["limit"]["secret"] is True
    assert again["tags"]["items"] == {"type": "text"}


def test_text_that_looks_like_a_number_stays_text():
    assert schema_of(rows_of(SCHEMA), SCHEMA)["code"]["default"] == "007"


def test_a_row_without_a_name_is_not_a_parameter_yet():
    assert schema_of([{"name": None, "type": "text"}, {"name": " ", "type": "text"}], {}) == {}


def test_a_default_that_does_not_fit_its_type_is_left_for_the_check_to_name():
    schema = schema_of([{"name": "limit", "type": "integer", "default": "ten"}], {})

    assert schema["limit"]["default"] == "ten"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DefinitionInvalidError
from engine.model import ParamSpec
from engine.params import check_schema, from_json_schema, to_json_schema

TEXT = st.text(st.characters(codec="utf-8"), max_size=10)


def _optional(**values):
    return st.fixed_dictionaries({}, optional=values)


NOTES = _optional(
    description=TEXT, secret=st.booleans(), choices=TEXT.filter(bool), required=st.booleans()
)
KINDS = st.one_of(
    _optional(
        type=st.just("text"),
        default=TEXT,
        min_length=st.just(0),
        max_length=st.integers(10, 50),
        example=TEXT,
    ),
    _optional(
        type=st.just("integer"),
        default=st.integers(0, 5),
        min=st.integers(-5, 0),
        max=st.integers(5, 9),
        example=st.integers(0, 5),
    ).map(lambda spec: {**spec, "type": "integer"}),
    _optional(min=st.floats(-5, 0), max=st.integers(5, 9), default=st.floats(0, 5)).map(
        lambda spec: {**spec, "type": "number"}
    ),
    st.sampled_from(["boolean", "uuid", "object"]).map(lambda name: {"type": name}),
    _optional(min=st.dates().map(str)).map(lambda spec: {**spec, "type": "date"}),
    _optional(max=st.datetimes().map(lambda at: at.isoformat())).map(
        lambda spec: {**spec, "type": "datetime"}
    ),
    _optional(
        items=st.sampled_from([{"type": "integer", "min": 1}, {"type": "uuid"}, {"enum": ["a"]}]),
        min_length=st.integers(0, 3),
        max_length=st.integers(3, 9),
    ).map(lambda spec: {**spec, "type": "array"}),
    st.lists(TEXT, min_size=1).map(lambda choices: {"enum": choices, "default": choices[0]}),
)
SOURCES = _optional(source=st.sampled_from(["context.tenant_id", "context.user_id", "claims.a.b"]))
SPECS = st.builds(
    lambda *parts: {k: v for part in parts for k, v in part.items()}, NOTES, KINDS, SOURCES
)
SCHEMAS = st.dictionaries(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), SPECS, max_size=4
).map(lambda raw: {name: ParamSpec.model_validate(spec) for name, spec in raw.items()})


@given(SCHEMAS)
def test_a_schema_survives_json_schema_and_back(schema):
    assert all(issue.severity == "warning" for issue in check_schema(schema))

    assert from_json_schema(to_json_schema(schema)) == schema


def test_json_schema_says_what_a_caller_may_send():
    schema = {
        "day": ParamSpec(type="date", required=True, min="2024-01-01", description="Day of flight"),
        "limit": ParamSpec(type="integer", default=10, min=1, max=1000),
        "key": ParamSpec(secret=True, min_length=8),
        "ids": ParamSpec(type="array", items=ParamSpec(type="uuid"), max_length=3),
        "tenant": ParamSpec(source="context.tenant_id"),
    }

    document = to_json_schema(schema)

    assert document["properties"] == {
        "day": {
            "type": "string",
            "format": "date",
            "formatMinimum": "2024-01-01",
            "description": "Day of flight",
        },
        "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
        "key": {"type": "string", "minLength": 8, "writeOnly": True},
        "ids": {"type": "array", "maxItems": 3, "items": {"type": "string", "format": "uuid"}},
    }
    assert document["required"] == ["day"]
    assert document["additionalProperties"] is False


def test_a_foreign_schema_with_nullable_types_and_titles_is_read():
    schema = from_json_schema(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Args",
            "type": "object",
            "properties": {
                "a": {"anyOf": [{"type": "integer"}, {"type": "null"}], "title": "A", "default": 3},
                "b": {"type": ["string", "null"], "format": "date-time"},
                "c": {"type": "string", "format": "email"},
            },
        }
    )

    assert schema == {
        "a": ParamSpec(type="integer", default=3),
        "b": ParamSpec(type="datetime"),
        "c": ParamSpec(),
    }


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"type": "array"}, "type"),
        ({"oneOf": []}, "oneOf"),
        ({"properties": {"a": {"type": "integer", "exclusiveMinimum": 1}}}, "a.exclusiveMinimum"),
        ({"properties": {"a": {"type": "object", "properties": {}}}}, "a.properties"),
        ({"properties": {"a": {"$ref": "#/$defs/A"}}}, "a.type"),
        ({"properties": {"a": {"type": "array", "items": {"type": "x"}}}}, "a.items.type"),
        ({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}, "a.type"),
        ({"properties": {"a": True}}, "a.type"),
    ],
)
def test_a_rule_that_parameters_cannot_keep_is_refused_by_name(document, path):
    with pytest.raises(DefinitionInvalidError) as caught:
        from_json_schema(document)

    assert caught.value.issues[0].path == path

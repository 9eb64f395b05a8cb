import pytest

from engine.model import ParamSpec
from engine.params import check_schema


def issues_of(name="p", **spec):
    return check_schema({name: ParamSpec.model_validate(spec)})


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ({"type": "integer", "min": 5, "max": 1}, "contradictory_bounds", "min"),
        ({"type": "date", "min": "2024-02-01", "max": "2024-01-01"}, "contradictory_bounds", "min"),
        ({"min_length": 5, "max_length": 1}, "contradictory_bounds", "min_length"),
        ({"type": "integer", "min": "abc"}, "bad_bound", "min"),
        ({"type": "integer", "min": 1.5}, "bad_bound", "min"),
        ({"type": "date", "max": "soon"}, "bad_bound", "max"),
        ({"type": "text", "min": 1}, "not_applicable", "min"),
        ({"type": "boolean", "max_length": 1}, "not_applicable", "max_length"),
        ({"type": "integer", "pattern": "x"}, "not_applicable", "pattern"),
        ({"type": "text", "items": {"type": "text"}}, "not_applicable", "items"),
        ({"pattern": "("}, "bad_pattern", "pattern"),
        ({"pattern": "(?=x)"}, "bad_pattern", "pattern"),
        ({"pattern": r"(a)\1"}, "bad_pattern", "pattern"),
        ({"enum": []}, "empty_enum", "enum"),
        ({"type": "integer", "enum": [1, "x"]}, "bad_enum", "enum[1]"),
        ({"type": "integer", "max": 5, "enum": [6]}, "bad_enum", "enum[0]"),
        ({"type": "integer", "default": "x"}, "bad_default", "default"),
        ({"type": "integer", "max": 5, "default": 6}, "bad_default", "default"),
        ({"enum": ["a"], "default": "b"}, "bad_default", "default"),
        ({"source": "context.roles"}, "bad_source", "source"),
        ({"source": "claims."}, "bad_source", "source"),
        (
            {"type": "array", "items": {"type": "integer", "min": 2, "max": 1}},
            "contradictory_bounds",
            "items.min",
        ),
        ({"type": "array", "items": {"required": True}}, "not_applicable", "items.required"),
        ({"type": "array", "items": {"default": "x"}}, "not_applicable", "items.default"),
        (
            {"type": "array", "items": {"type": "integer"}, "default": ["x"]},
            "bad_default",
            "default",
        ),
    ],
)
def test_a_contradiction_is_an_error_at_its_path(spec, code, path):
    found = issues_of(**spec)

    assert [(i.severity, i.code, i.path) for i in found] == [
        ("error", code, f"param_schema.p.{path}")
    ]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"required": True, "default": "x"}, "default_unused"),
        ({"type": "integer", "example": "x"}, "bad_example"),
    ],
)
def test_what_only_misleads_is_a_warning(spec, code):
    assert [(i.severity, i.code) for i in issues_of(**spec)] == [("warning", code)]


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "ü", "a" * 65, "a.b", "a\n"])
def test_a_name_that_no_template_or_bind_can_say_is_refused(name):
    assert [issue.code for issue in issues_of(name)] == ["param_name"]


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "integer", "default": "10", "min": 1, "max": 1000},
        {"type": "datetime", "min": "2024-01-01", "max": "2025-01-01T00:00:00Z"},
        {"type": "array", "items": {"type": "array", "items": {"type": "uuid"}}, "min_length": 1},
        {"pattern": "^(a+)+$", "enum": ["a"], "default": "a", "example": "a"},
        {"source": "claims.https://x.org/y"},
    ],
)
def test_a_sound_spec_has_no_issue(spec):
    assert issues_of(**spec) == ()


def test_too_many_parameters_are_an_error():
    found = check_schema({f"p{n}": ParamSpec() for n in range(201)})

    assert [issue.code for issue in found] == ["too_many_params"]

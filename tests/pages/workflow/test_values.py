"""The values of a step's fields as text, and what is offered for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.workflow.offers import answer_offers, lists_offered, offers
from pages.components.workflow.values import as_text, as_value

PLAIN = st.recursive(
    st.booleans() | st.integers(-1000, 1000) | st.text(min_size=1).filter(str.strip),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(PLAIN)
def test_a_value_survives_being_shown_as_text(value):
    assert as_value(as_text(value)) == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", None, None),
        ("  ", None, None),
        ("7", None, 7),
        ("7", "text", "7"),
        ("true", "boolean", True),
        ("2013-01-01", "date", "2013-01-01"),
        ("JFK", "text", "JFK"),
        ("{{steps.a.rows}}", "array", "{{steps.a.rows}}"),
        ('{"rows": "{{steps.a.rows}}"}', None, {"rows": "{{steps.a.rows}}"}),
        ('["{{item.x}}"]', "array", ["{{item.x}}"]),
        ("{{params.a}}-{{params.b}}", "text", "{{params.a}}-{{params.b}}"),
    ],
)
def test_typed_text_means_what_its_parameter_takes(text, kind, value):
    assert as_value(text, kind) == value


TREE = {
    "nodes": [
        {"id": "late", "api_id": "x", "on_error_action_index": 2},
        {"id": "days", "api_id": "y", "for_each": "{{steps.late.rows}}"},
        {"id": "rescue", "api_id": "z"},
        {"id": "after", "api_id": "z", "input": "{{steps.days.rows}}"},
    ]
}
ANSWERS = {"late": {"columns": [], "rows": [{"carrier": "EV", "not an id": 1}]}}


def test_fields_of_the_last_run_are_offered_from_steps_before():
    offered = offers(TREE, "days", ["origin"], ANSWERS)

    assert offered[:2] == ["{{item}}", "{{item.carrier}}"]
    assert "{{params.origin}}" in offered
    assert "{{steps.late.rows[0].carrier}}" in offered
    assert not any("not an id" in each for each in offered)


def test_what_waits_for_a_step_is_not_offered_to_it():
    assert not any("steps.after" in each for each in offers(TREE, "days", [], {}))
    assert not any("steps.days" in each for each in offers(TREE, "days", [], {}))


def test_only_a_handler_is_offered_the_error():
    assert "{{error.message}}" in offers(TREE, "rescue", [], {})
    assert "{{error.message}}" not in offers(TREE, "after", [], {})


def test_lists_are_rows_data_and_array_parameters():
    offered = ["{{params.n}}", "{{params.names}}", "{{steps.a.rows}}", "{{steps.a.row_count}}"]

    kinds = {"n": "integer", "names": "array"}
    assert lists_offered(offered, kinds) == ["{{params.names}}", "{{steps.a.rows}}"]


def test_the_answer_is_offered_from_the_last_step_first():
    assert answer_offers(TREE, ["n"], {})[0] == "{{steps.after.rows}}"

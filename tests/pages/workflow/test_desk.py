"""One body shown in three places, each replaced only by the others."""

import json

from pages.components.workflow.desk import WorkflowDesk
from pages.components.workflow.drawing import graph_of
from pages.components.workflow.tree import with_fields

BODY = json.dumps({"nodes": [{"id": "a", "api_id": "x"}, {"id": "b", "api_id": "y"}]})


def drawn(desk, rev=0, **changes):
    return {"rev": rev, **graph_of(desk.tree, desk.positions), **changes}


def test_what_is_drawn_is_shown_in_the_other_two_places_only():
    desk = WorkflowDesk(BODY)

    desk.take_drawing(drawn(desk, edges=[["a", "b"]]), rev=0)

    assert desk.revs == {"canvas": 0, "json": 1, "inspector": 1}
    assert json.loads(desk.body)["edges"] == [{"source": "a", "target": "b"}]


def test_moving_a_step_changes_no_body():
    desk = WorkflowDesk(BODY)
    graph = drawn(desk)
    graph["nodes"][0]["at"] = [500, 40]

    desk.take_drawing(graph, rev=0)

    assert desk.body == BODY
    assert desk.positions["a"] == (500, 40)
    assert set(desk.revs.values()) == {0}


def test_a_drawing_on_a_graph_that_was_replaced_is_not_taken():
    desk = WorkflowDesk(BODY)

    desk.take_drawing(drawn(desk, rev=3, edges=[["a", "b"]]), rev=4)

    assert desk.body == BODY


def test_typed_json_replaces_drawing_and_form():
    desk = WorkflowDesk(BODY)

    desk.follow('{"nodes": []}')

    assert desk.tree == {"nodes": []}
    assert desk.revs == {"canvas": 1, "json": 0, "inspector": 1}


def test_json_that_cannot_be_drawn_leaves_no_drawing_and_keeps_the_text():
    desk = WorkflowDesk(BODY)

    desk.follow('{"nodes": [')

    assert desk.tree is None
    assert desk.body == '{"nodes": ['


def test_the_form_replaces_drawing_and_text_only_when_it_says_something_else():
    desk = WorkflowDesk(BODY)
    assert desk.tree is not None

    desk.edit(with_fields(desk.tree, "a", {"limit": None}))
    assert set(desk.revs.values()) == {0}

    desk.edit(with_fields(desk.tree, "a", {"limit": 3}))
    assert desk.revs == {"canvas": 1, "json": 1, "inspector": 0}
    assert json.loads(desk.body)["nodes"][0]["limit"] == 3


def test_a_renamed_step_keeps_its_place_and_its_pinned_answer():
    desk = WorkflowDesk(BODY, positions={"a": (7, 8)}, pinned={"a": [1]}, selected="a")

    desk.rename("a", "first")

    assert desk.selected == "first"
    assert (desk.positions["first"], desk.pinned) == ((7, 8), {"first": [1]})


def test_the_pinned_answer_of_a_step_that_is_gone_is_forgotten():
    desk = WorkflowDesk(BODY, pinned={"a": 1, "b": 2})

    desk.follow('{"nodes": [{"id": "b"}]}')

    assert desk.pinned == {"b": 2}


def test_a_working_copy_that_was_replaced_is_followed_once():
    desk = WorkflowDesk(BODY)
    desk.follow('{"nodes": []}')

    desk.renew(BODY, work_rev=0)
    assert desk.body == '{"nodes": []}'

    desk.renew(BODY, work_rev=1)
    assert desk.body == BODY


def test_what_was_asked_for_is_done_once():
    desk = WorkflowDesk(BODY, asked="run")

    assert (desk.take_asked(), desk.take_asked()) == ("run", None)

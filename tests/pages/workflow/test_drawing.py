"""From a tree to the canvas and back."""

from typing import Any

from engine.model import Issue, Step
from pages.components.workflow.drawing import graph_of, marks_of, states_of, tree_of

TREE: dict[str, Any] = {
    "version": 1,
    "nodes": [
        {"id": "a", "api_id": "one", "on_error_action_index": 1},
        {"id": "h", "api_id": "two"},
        {"id": "b", "api_id": "three", "on_error_action_index": 9},
    ],
    "edges": [{"source": "a", "target": "b"}, {"source": "gone", "target": "b"}],
    "output": "{{steps.b.data}}",
}


def test_a_drawing_that_was_not_changed_makes_the_same_tree():
    assert tree_of(graph_of(TREE, {}), TREE) == TREE


def test_a_moved_step_changes_nothing_but_the_drawing():
    graph = graph_of(TREE, {"a": (5, 6)})

    assert graph["nodes"][0]["at"] == [5, 6]
    assert tree_of(graph, TREE) == TREE


def test_a_step_deleted_on_the_canvas_takes_its_edges_and_its_duty_along():
    graph = graph_of(TREE, {})
    graph["nodes"] = [node for node in graph["nodes"] if node["id"] != "h"]
    graph["edges"] = []

    tree = tree_of(graph, TREE)

    assert [node["id"] for node in tree["nodes"]] == ["a", "b"]
    assert "on_error_action_index" not in tree["nodes"][0]
    assert tree["edges"] == [{"source": "gone", "target": "b"}]
    assert tree["output"] == TREE["output"]


def test_a_step_that_comes_back_brings_all_its_fields():
    graph = graph_of(TREE, {})
    without = {**TREE, "nodes": TREE["nodes"][1:], "edges": []}

    assert tree_of(graph, without)["nodes"] == TREE["nodes"]


def test_issues_mark_the_node_their_path_points_at_worst_first():
    issues = [
        Issue(code="x", message="advice", path="nodes[2].type", severity="warning"),
        Issue(code="y", message="wrong", path="nodes[2]"),
        Issue(code="z", message="elsewhere", path="output"),
        Issue(code="z", message="beyond", path="nodes[7].id"),
    ]

    assert marks_of(TREE, issues) == {"b": {"severity": "error", "message": "wrong\nadvice"}}


def test_a_skipped_step_has_no_duration():
    steps = [
        Step(node_id="a", status="success", duration_ms=12.5),
        Step(node_id="b", status="skipped"),
    ]

    assert states_of(steps) == {
        "a": {"state": "success", "ms": 12.5},
        "b": {"state": "skipped", "ms": None},
    }

"""A workflow's JSON changed step by step."""

import json

import pytest

from engine.executor_workflow.parse import parse
from pages.components.workflow.tree import (
    drawn_edges,
    links,
    names_of,
    node_of,
    read,
    removed,
    renamed,
    sources_of,
    with_fields,
    with_sources,
    write,
)

TREE = {
    "version": 1,
    "nodes": [
        {"id": "a", "api_id": "one", "params": {"x": 1}, "on_error_action_index": 2},
        {"id": "b", "api_id": "two", "input": "{{ steps.a.rows }} and {{steps['a'].data}}"},
        {"id": "c", "api_id": "three"},
    ],
    "edges": [{"source": "a", "target": "b"}],
    "output": {"all": "{{steps.b.data}}", "text": "steps.a stays"},
}


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "{}",
        '{"nodes": {}}',
        '{"nodes": [1]}',
        '{"nodes": [{"id": ""}]}',
        '{"nodes": [{"id": "a"}, {"id": "a"}]}',
    ],
)
def test_what_cannot_be_drawn_is_no_tree(body):
    assert read(body) is None


def test_a_written_tree_reads_the_same_and_means_the_same():
    body = write(TREE)

    assert read(body) == TREE
    assert parse(body)[0] is not None
    assert '    {"id": "c", "api_id": "three"}' in body.splitlines()


def test_a_long_node_is_broken_into_lines():
    tree = {"nodes": [{"id": "a", "api_id": "x", "params": {"text": "y" * 200}}]}

    assert read(write(tree)) == tree
    assert len(write(tree).splitlines()) > 4


def test_waiting_without_an_edge_is_told_apart_by_why():
    assert links(TREE) == [("a", "b", "reads"), ("a", "c", "handles")]


def test_everything_that_runs_before_a_node_is_its_source():
    tree = with_sources(TREE, "c", ["b"])

    assert sources_of(tree, "c") == {"a", "b"}
    assert sources_of(tree, "a") == set()


def test_edges_to_nowhere_are_not_drawn():
    tree = {**TREE, "edges": [{"source": "gone", "target": "b"}, ["a", "b"], None]}

    assert drawn_edges(tree) == []


def test_a_field_that_is_unset_is_left_out_and_an_empty_one_stays():
    tree = {"nodes": [{"id": "a", "limit": 3, "continue_on_error": False, "params": {}}]}

    changed = with_fields(tree, "a", {"limit": None, "continue_on_error": None, "params": None})

    assert node_of(changed, "a") == {"id": "a", "continue_on_error": False, "params": {}}
    assert node_of(tree, "a")["limit"] == 3


def test_a_step_is_renamed_in_edges_and_templates_and_nowhere_else():
    changed = renamed(TREE, "a", "first")

    assert names_of(changed) == ["first", "b", "c"]
    assert drawn_edges(changed) == [("first", "b")]
    assert node_of(changed, "b")["input"] == "{{ steps.first.rows }} and {{steps['first'].data}}"
    assert changed["output"]["text"] == "steps.a stays"


def test_renaming_leaves_longer_names_alone():
    tree = {"nodes": [{"id": "a"}, {"id": "ab"}], "output": "{{steps.ab.rows}}"}

    assert renamed(tree, "a", "z")["output"] == "{{steps.ab.rows}}"


def test_removing_a_step_keeps_the_others_handlers():
    tree = {
        "nodes": [{"id": "x"}, {"id": "a", "on_error_action_index": 2}, {"id": "h"}],
        "edges": [{"source": "x", "target": "a"}],
    }

    assert removed(tree, "x") == {
        "nodes": [{"id": "a", "on_error_action_index": 1}, {"id": "h"}],
        "edges": [],
    }
    assert "on_error_action_index" not in node_of(removed(tree, "h"), "a")


def test_changing_a_tree_leaves_the_one_before_as_it_was():
    before = json.dumps(TREE)

    removed(renamed(with_sources(TREE, "c", ["a"]), "a", "z"), "z")

    assert json.dumps(TREE) == before

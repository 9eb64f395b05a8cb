"""Only what differs between two versions is shown."""

from pages.components.diff_view import changed_lines, node_lines


def test_a_changed_leaf_is_named_by_its_path():
    before = {"cache": {"enabled": False, "ttl_seconds": 300}, "max_rows": 10}
    after = {"cache": {"enabled": True, "ttl_seconds": 300}, "max_rows": 10}

    assert changed_lines(before, after) == ["- cache.enabled: False", "+ cache.enabled: True"]


def test_an_added_key_has_no_line_out():
    assert changed_lines({}, {"limit": 5}) == ["+ limit: 5"]


def test_a_workflow_is_told_step_by_step():
    leaf = {"path": "params.top", "from": 2, "to": 3}
    nodes = {
        "added": ["c"],
        "removed": ["b"],
        "changed": {"a": [leaf]},
        "edges_added": ["a → c"],
        "edges_removed": [],
        "settings": [],
    }

    assert node_lines(nodes) == [
        "- step b",
        "+ step c",
        "  step a, params.top: 2 → 3",
        "+ edge a → c",
    ]


def test_texts_differ_without_a_path():
    assert changed_lines("old", "new") == ["- old", "+ new"]

import json

from engine.definition_diff import diff_definitions
from engine.definition_fields import new_definition
from engine.model import Caller

ANA = Caller(subject="ana")
NODES = [{"id": "a", "api_id": "x", "params": {"top": 2}}, {"id": "b", "api_id": "y"}]


def definition(**fields):
    known = {"api_name": "a", "logic_type": "sql", "logic_body": "SELECT 1"}
    return new_definition({**known, **fields}, ANA)


def workflow(nodes, **more):
    return definition(logic_type="workflow", logic_body=json.dumps({"nodes": nodes, **more}))


def test_the_same_definition_does_not_differ():
    diff = diff_definitions(definition(), definition())

    assert diff["changed"] == {}
    assert diff["params"] == {"added": [], "removed": [], "changed": {}}
    assert (diff["logic_body_diff"], diff["policy"]) == ("", [])
    assert diff["nodes"] is None


def test_parameters_are_told_by_name_and_leaf():
    a = definition(param_schema={"n": {"type": "integer", "max": 9}, "old": {"type": "text"}})
    b = definition(param_schema={"n": {"type": "integer", "max": 5}, "new": {"type": "text"}})

    assert diff_definitions(a, b)["params"] == {
        "added": ["new"],
        "removed": ["old"],
        "changed": {"n": [{"path": "max", "from": 9, "to": 5}]},
    }


def test_the_policy_is_told_leaf_by_leaf():
    b = definition(runtime_policy={"max_rows": 5, "cache": {"enabled": True, "tags": ["t"]}})

    assert diff_definitions(definition(), b)["policy"] == [
        {"path": "max_rows", "from": 1000, "to": 5},
        {"path": "cache.enabled", "from": False, "to": True},
        {"path": "cache.tags", "from": [], "to": ["t"]},
    ]


def test_a_workflow_is_told_by_node_whatever_its_order_and_layout():
    a = workflow(NODES, edges=[{"source": "a", "target": "b"}])
    changed = [{"api_id": "x", "params": {"top": 3}, "id": "a"}, {"id": "c", "api_id": "z"}]
    b = workflow(changed, edges=[{"source": "a", "target": "c"}], output="{{steps.c.rows}}")

    assert diff_definitions(a, b)["nodes"] == {
        "added": ["c"],
        "removed": ["b"],
        "changed": {"a": [{"path": "params.top", "from": 2, "to": 3}]},
        "edges_added": ["a → c"],
        "edges_removed": ["a → b"],
        "settings": [{"path": "output", "from": None, "to": "{{steps.c.rows}}"}],
    }
    same = diff_definitions(workflow(NODES), workflow(NODES[::-1]))["nodes"]
    assert not any(same.values())


def test_a_body_that_cannot_be_read_has_no_nodes():
    broken = definition(logic_type="workflow", logic_body="{")

    assert diff_definitions(workflow(NODES), broken)["nodes"] is None

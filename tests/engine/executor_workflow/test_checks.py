import json

import pytest

from engine.errors import DefinitionInvalidError
from engine.model import ParamSpec


def node(node_id, api="one", **fields):
    return {"id": node_id, "api_id": api, **fields}


def edge(source, target):
    return {"source": source, "target": target}


def issues_of(tenant, body, **fields):
    with pytest.raises(DefinitionInvalidError) as refusal:
        tenant.executor.compile(tenant.add_workflow("checked", body, **fields))
    return [(issue.path, issue.message, issue.suggestion) for issue in refusal.value.issues]


KNOWN_NODE_FIELDS = (
    "id, type, api_id, params, input, limit, timeout_seconds, retry_count, continue_on_error, "
    "on_error_action_index, when, for_each, concurrency"
)

BAD_GRAPHS = {
    "not JSON": (
        "{",
        [(None, "not valid JSON: Expecting property name enclosed in double quotes", None)],
    ),
    "not an object": (
        [],
        [(None, 'a workflow is a JSON object: {"version": 1, "nodes": […]}', None)],
    ),
    "no nodes": ({"nodes": []}, [("nodes", "0 nodes; a workflow has 1 to 200", None)]),
    "nodes missing": ({}, [("nodes", "nodes is missing", None)]),
    "too many nodes": (
        {"nodes": [node(f"n{i}") for i in range(201)]},
        [("nodes", "201 nodes; a workflow has 1 to 200", None)],
    ),
    "unknown version": (
        {"version": 2, "nodes": [node("a")]},
        [("version", "should be 1", None)],
    ),
    "unknown field": (
        {"nodes": [node("a", retries=3)]},
        [
            (
                "nodes[0].retries",
                f"unknown field 'retries'; known: {KNOWN_NODE_FIELDS}",
                None,
            )
        ],
    ),
    "misspelt field": (
        {"nodes": [node("a", retry_cuont=3)]},
        [
            (
                "nodes[0].retry_cuont",
                f"unknown field 'retry_cuont'; known: {KNOWN_NODE_FIELDS}",
                "did you mean 'retry_count'?",
            )
        ],
    ),
    "negative limit": (
        {"nodes": [node("a", limit=0)]},
        [("nodes[0].limit", "should be greater than or equal to 1", None)],
    ),
    "id with a dash": (
        {"nodes": [node("worst-day")]},
        [
            (
                "nodes[0].id",
                "node id 'worst-day' cannot be named in templates; it starts with a letter or _ "
                "and has only letters, digits and _, at most 63",
                "use 'worst_day'",
            )
        ],
    ),
    "id used twice": (
        {"nodes": [node("a"), node("b"), node("a")]},
        [("nodes[2].id", "node id 'a' is used more than once: nodes[0] and nodes[2]", None)],
    ),
    "edge to nowhere": (
        {"nodes": [node("collect"), node("b")], "edges": [edge("colect", "b")]},
        [
            (
                "edges[0].source",
                "there is no node 'colect'; known: collect, b",
                "did you mean 'collect'?",
            )
        ],
    ),
    "edge to itself": (
        {"nodes": [node("a")], "edges": [edge("a", "a")]},
        [("nodes[0]", "nodes wait for each other: a → a", None)],
    ),
    "circle of edges": (
        {
            "nodes": [node("x"), node("a"), node("b"), node("c")],
            "edges": [edge("x", "a"), edge("a", "b"), edge("b", "c"), edge("c", "a")],
        },
        [("nodes[1]", "nodes wait for each other: a → b → c → a", None)],
    ),
    "circle of an edge and a template": (
        {
            "nodes": [node("a", "echo", input="{{steps.b.data}}"), node("b")],
            "edges": [edge("a", "b")],
        },
        [("nodes[0]", "nodes wait for each other: a → b → a", None)],
    ),
    "node that handles what follows it": (
        {"nodes": [node("h"), node("a", on_error_action_index=0)], "edges": [edge("h", "a")]},
        [("nodes[0]", "nodes wait for each other: h → a → h", None)],
    ),
    "template names no node": (
        {"nodes": [node("collect"), node("b", "echo", input={"x": ["{{steps.colect.rows}}"]})]},
        [
            (
                "nodes[1].input.x[0]",
                "{{ steps.colect }} is not known here; known: b, collect",
                "did you mean steps.collect?",
            )
        ],
    ),
    "template names no part of a step": (
        {"nodes": [node("a"), node("b", "echo", input={"x": "{{steps.a.result}}"})]},
        [
            (
                "nodes[1].input.x",
                "a step has no 'result'; known: status, data, rows, row_count, error, execution_id",
                None,
            )
        ],
    ),
    "template names no single step": (
        {"nodes": [node("a"), node("b", "echo", input="{{steps}}")]},
        [("nodes[1].input", "name the step: {{ steps.<node id> }}", None)],
    ),
    "unknown parameter in a template": (
        {"nodes": [node("a", "echo", input="{{params.orgin}}")]},
        [
            (
                "nodes[0].input",
                "{{ params.orgin }} is not known here; known: origin",
                "did you mean params.origin?",
            )
        ],
    ),
    "item outside for_each": (
        {"nodes": [node("a", "echo", input="{{item}}")]},
        [
            (
                "nodes[0].input",
                "{{ item }} is not known here; known: context, input, mappings, params, steps",
                None,
            )
        ],
    ),
    "error outside a handler": (
        {"nodes": [node("a", "echo", input="{{error.message}}")]},
        [
            (
                "nodes[0].input",
                "{{ error }} is not known here; known: context, input, mappings, params, steps",
                None,
            )
        ],
    ),
    "condition that is text": (
        {"nodes": [node("a", when="{{params.origin}} yes")]},
        [
            (
                "nodes[0].when",
                "when must be one template and nothing else: {{ steps.a.rows }}",
                None,
            )
        ],
    ),
    "condition of the wrong type": (
        {"nodes": [node("a", when=[1])]},
        [("nodes[0].when", "when is a template like {{ steps.a.rows }}, or true or false", None)],
    ),
    "items of the wrong type": (
        {"nodes": [node("a", for_each=3)]},
        [
            (
                "nodes[0].for_each",
                "for_each is a list, or a template of one like {{ steps.a.rows }}",
                None,
            )
        ],
    ),
    "handler that is not there": (
        {"nodes": [node("a", on_error_action_index=5), node("b")]},
        [
            (
                "nodes[0].on_error_action_index",
                "node 'a' names handler 5; nodes are numbered 0 to 1",
                None,
            )
        ],
    ),
    "node that handles itself": (
        {"nodes": [node("a", on_error_action_index=0)]},
        [("nodes[0].on_error_action_index", "node 'a' cannot handle its own failure", None)],
    ),
    "handler that waits for success": (
        {
            "nodes": [node("a", on_error_action_index=2), node("b"), node("h")],
            "edges": [edge("a", "b"), edge("b", "h")],
        },
        [
            (
                "nodes[0].on_error_action_index",
                "node 'h' handles failures of 'a' and can never run: it also waits for 'a' to "
                "succeed",
                "remove what makes 'h' wait for 'a'",
            )
        ],
    ),
    "missing API": (
        {"nodes": [node("a", "ehco")]},
        [
            (
                "nodes[0].api_id",
                "node 'a' calls API 'ehco', which does not exist",
                "did you mean 'echo'?",
            )
        ],
    ),
    "parameter the API does not have": (
        {"nodes": [node("a", "echo", params={"vlaue": 1})]},
        [
            (
                "nodes[0].params.vlaue",
                "API 'echo' has no parameter 'vlaue'; known: value",
                "did you mean 'value'?",
            )
        ],
    ),
    "parameter the API requires": (
        {"nodes": [node("a", "strict")]},
        [("nodes[0].params", "API 'strict' requires the parameter 'day'", None)],
    ),
    "call of itself": (
        {"nodes": [node("a", "checked")]},
        [("nodes[0].api_id", "workflows call each other: checked → checked", None)],
    ),
}


@pytest.mark.parametrize("name", BAD_GRAPHS)
def test_a_bad_graph_is_refused_by_name(tenant, name):
    body, expected = BAD_GRAPHS[name]
    tenant.add("strict", lambda _call: 1, {"day": ParamSpec(type="date", required=True)})

    found = issues_of(tenant, body, param_schema={"origin": ParamSpec()})

    assert found == expected


def test_a_mistake_in_json_has_its_line_and_column(tenant):
    with pytest.raises(DefinitionInvalidError) as refusal:
        tenant.executor.compile(tenant.add_workflow("checked", '{\n  "nodes": [}\n}'))

    (issue,) = refusal.value.issues
    assert (issue.line, issue.column) == (2, 13)


def test_all_mistakes_are_said_at_once(tenant):
    body = {
        "nodes": [node("a", "gone", input="{{steps.b.x}}"), node("b", on_error_action_index=9)],
        "edges": [edge("a", "z")],
        "output": "{{params.nothing}}",
    }

    paths = [path for path, _, _ in issues_of(tenant, body)]

    assert paths == [
        "edges[0].target",
        "nodes[1].on_error_action_index",
        "nodes[0].input",
        "output",
        "nodes[0].api_id",
    ]


def test_workflows_that_call_each_other_are_named_in_a_row(tenant):
    tenant.add_workflow("first", {"nodes": [node("n", "second")]})
    tenant.add_workflow("second", {"nodes": [node("n", "checked")]})

    found = issues_of(tenant, {"nodes": [node("a"), node("b", "first")]})

    message = "workflows call each other: checked → first → second → checked"
    assert found == [("nodes[1].api_id", message, None)]


def test_a_circle_among_others_does_not_hang_the_check(tenant):
    tenant.add_workflow("first", {"nodes": [node("n", "second")]})
    tenant.add_workflow("second", {"nodes": [node("n", "first")]})

    tenant.executor.compile(tenant.add_workflow("checked", {"nodes": [node("a", "first")]}))


def test_workflows_nested_too_deep_are_refused(tenant):
    tenant.add_workflow("w0", {"nodes": [node("n", "one")]})
    for depth in range(1, 10):
        tenant.add_workflow(f"w{depth}", {"nodes": [node("n", f"w{depth - 1}")]})

    tenant.executor.compile(tenant.add_workflow("fits", {"nodes": [node("a", "w8")]}))
    found = issues_of(tenant, {"nodes": [node("a", "w9")]})

    assert found == [("nodes[0].api_id", "workflows are nested 11 deep; at most 10", None)]


def test_an_api_may_be_named_by_its_id(tenant):
    body = {"nodes": [node("a", str(tenant.definitions["one"].id))]}

    assert json.loads(tenant.run(body).json) == 1


def test_a_type_that_differs_is_advice(tenant):
    compiled = tenant.executor.compile(tenant.add_workflow("w", {"nodes": [node("a", type="sql")]}))

    (issue,) = compiled.warnings
    assert (issue.severity, issue.message, issue.suggestion) == (
        "warning",
        "node 'a' says sql, but API 'one' is of type script",
        "use 'script'",
    )


def test_python_is_another_name_for_script(tenant):
    compiled = tenant.executor.compile(
        tenant.add_workflow("w", {"nodes": [node("a", type="python")]})
    )

    assert compiled.warnings == ()


def test_the_apis_it_calls_are_known(tenant):
    body = {"nodes": [node("a"), node("b", "echo"), node("c")]}

    compiled = tenant.executor.compile(tenant.add_workflow("w", body))

    assert compiled.calls == ("one", "echo")
    assert not compiled.repeatable

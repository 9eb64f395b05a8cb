import threading
import time
from uuid import UUID

import orjson
import pytest

from engine.errors import (
    BadRequestError,
    DeadlineExceededError,
    EngineError,
    NodeFailedError,
    TemplateFailedError,
)
from engine.model import ParamSpec
from engine.ports import WorkflowRunOptions


def node(node_id, api="one", **fields):
    return {"id": node_id, "api_id": api, **fields}


def edge(source, target):
    return {"source": source, "target": target}


def data(payload):
    return orjson.loads(payload.json)


def statuses(payload):
    return {step.node_id: step.status for step in payload.steps}


# templates


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{steps.r.rows}}", [{"n": 1}, {"n": 2}, {"n": 3}]),
        ("{{steps.r.rows[0].n}}", 1),
        ("{{steps.r.row_count}}", 3),
        ("{{steps.r.status}}", "success"),
        ("{{steps.r.data.columns}}", []),
        ("{{steps.r.error}}", None),
        ("{{params.origin}}", "JFK"),
        ("from {{params.origin}}: {{steps.r.rows[1].n}}", "from JFK: 2"),
        ("{{context.tenant_id}}", "default"),
        ("{{context.user_id}}", "ada"),
        ("{{input.list}}", [1, 2]),
        ({"deep": [{"er": "{{params.origin}}"}]}, {"deep": [{"er": "JFK"}]}),
        ("plain", "plain"),
        (None, None),
    ],
)
def test_a_template_gives_its_value(tenant, template, expected):
    body = {"nodes": [node("r", "rows"), node("e", "echo", input=template)]}

    tenant.run(body, {"origin": "JFK"}, input_payload={"list": [1, 2]})

    assert tenant.calls[-1].input_payload == expected


def test_the_whole_context_can_be_passed_on(tenant):
    tenant.run({"nodes": [node("e", "echo", input="{{context}}")]})

    context = tenant.calls[0].input_payload
    assert sorted(context) == ["execution_id", "source", "tenant_id", "trace_id", "user_id"]


def test_braces_inside_a_value_stay_text(tenant):
    body = {"nodes": [node("e", "echo", input="{{params.origin}}")]}

    tenant.run(body, {"origin": "{{context.user_id}}"})

    assert tenant.calls[0].input_payload == "{{context.user_id}}"


def test_the_output_template_makes_the_answer(tenant):
    body = {
        "nodes": [node("r", "rows"), node("o")],
        "output": {"first": "{{steps.r.rows[0]}}", "one": "{{steps.o.data}}"},
    }

    assert data(tenant.run(body)) == {"first": {"n": 1}, "one": 1}


def test_without_output_the_last_node_answers_with_its_rows_counted(tenant):
    body = {"nodes": [node("o"), node("r", "rows")], "edges": [edge("o", "r")]}

    payload = tenant.run(body)

    assert data(payload)["rows"] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert payload.row_count == 3


def test_without_output_several_last_nodes_answer_by_id(tenant):
    body = {
        "nodes": [node("a"), node("b"), node("c", when=False), node("d")],
        "edges": [edge("a", "b")],
    }

    assert data(tenant.run(body)) == {"b": 1, "d": 1}


def test_an_output_that_names_what_is_not_there_fails(tenant):
    with pytest.raises(TemplateFailedError, match=r"output: .*has 3 items, none at 7"):
        tenant.run({"nodes": [node("r", "rows")], "output": "{{steps.r.rows[7].n}}"})


# calls


def test_a_node_passes_its_bounds_on(tenant):
    body = {"nodes": [node("r", "rows", limit=7, timeout_seconds=2.5, retry_count=0)]}

    tenant.run(body)

    (call,) = tenant.calls
    assert (call.max_rows, call.timeout_s, call.max_retries) == (7, 2.5, 0)


def test_without_edges_nodes_run_one_at_a_time_in_listed_order(tenant):
    body = {"nodes": [node(f"n{i}", "slow", params={"value": {"i": i}}) for i in range(3)]}

    tenant.run(body)

    assert [call.params["value"]["i"] for call in tenant.calls] == [0, 1, 2]
    assert tenant.most_running == 1


def test_without_edges_a_node_still_waits_for_the_steps_it_names(tenant):
    body = {"nodes": [node("late", "echo", input="{{steps.early.data}}"), node("early")]}

    tenant.run(body)

    assert tenant.called == ["one", "echo"]


def test_side_by_side_is_bounded(tenant):
    nodes = [node(f"n{i}", "slow") for i in range(6)]

    tenant.run({"nodes": nodes, "mode": "parallel", "max_parallel": 3})

    assert tenant.most_running == 3


def test_independent_nodes_really_run_at_the_same_time(tenant):
    meeting = threading.Barrier(2, timeout=5)
    tenant.add("meet", lambda _call: meeting.wait() >= 0)

    payload = tenant.run({"nodes": [node("a", "meet"), node("b", "meet")], "mode": "parallel"})

    assert statuses(payload) == {"a": "success", "b": "success"}


def test_steps_tell_what_each_node_did(tenant):
    body = {"nodes": [node("s", "slow"), node("r", "rows")], "edges": [edge("s", "r")]}

    slow, rows = tenant.run(body).steps

    assert (slow.node_id, slow.status, slow.attempts) == ("s", "success", 1)
    assert slow.duration_ms >= 50
    assert rows.started_ms >= slow.duration_ms
    assert rows.row_count == 3
    assert isinstance(rows.execution_id, UUID)


# conditions


@pytest.mark.parametrize(
    ("when", "runs"),
    [
        (True, True),
        (False, False),
        ("{{steps.r.rows}}", True),
        ("{{steps.r.rows | length > 5}}", False),
        ("{{params.origin == 'JFK'}}", True),
        ("{{steps.r.error}}", False),
    ],
)
def test_a_condition_decides_whether_a_node_runs(tenant, when, runs):
    payload = tenant.run({"nodes": [node("r", "rows"), node("o", when=when)]}, {"origin": "JFK"})

    assert statuses(payload)["o"] == ("success" if runs else "skipped")


def test_what_only_waits_for_a_skipped_node_is_skipped_too(tenant):
    body = {
        "nodes": [node("a", when=False), node("b"), node("c"), node("d")],
        "edges": [edge("a", "c"), edge("a", "d"), edge("b", "d")],
        "output": "{{steps.a.data}}",
    }

    payload = tenant.run(body)

    expected = {"a": "skipped", "b": "success", "c": "skipped", "d": "success"}
    assert statuses(payload) == expected
    assert data(payload) is None


# for_each


def test_for_each_calls_once_for_each_item_and_keeps_their_order(tenant):
    def later(call):
        time.sleep(0.02 / call.input_payload)
        return call.input_payload

    tenant.add("later", later)
    body = {
        "nodes": [
            node("r", "rows"),
            node("l", "later", for_each="{{steps.r.rows}}", input="{{item.n}}"),
        ],
        "output": "{{steps.l.data}}",
    }

    payload = tenant.run(body)

    assert data(payload) == [1, 2, 3]
    assert (payload.steps[1].attempts, payload.steps[1].note) == (3, "3 items")


def test_the_rows_of_all_items_are_one_list(tenant):
    body = {"nodes": [node("r", "rows", for_each=[1, 2])], "output": "{{steps.r.rows}}"}

    payload = tenant.run(body)

    assert data(payload) == [{"n": 1}, {"n": 2}, {"n": 3}] * 2
    assert payload.steps[0].row_count == 6


def test_for_each_works_on_so_many_items_at_once_and_no_more(tenant):
    tenant.run({"nodes": [node("s", "slow", for_each=list(range(6)), concurrency=2)]})

    assert tenant.most_running == 2


def test_for_each_of_nothing_answers_with_an_empty_list(tenant):
    body = {"nodes": [node("o", for_each=[])], "output": ["{{steps.o.data}}", "{{steps.o.rows}}"]}

    assert data(tenant.run(body)) == [[], []]


@pytest.mark.parametrize(
    ("items", "kind"), [("{{params.origin}}", "str"), ("{{steps.r.data}}", "dict")]
)
def test_for_each_of_no_list_fails(tenant, items, kind):
    body = {"nodes": [node("r", "rows"), node("o", for_each=items)]}

    with pytest.raises(NodeFailedError, match=f"for_each of node 'o' must give a list, not {kind}"):
        tenant.run(body, {"origin": "JFK"})


def test_for_each_has_a_largest_number_of_items(tenant):
    with pytest.raises(NodeFailedError, match="gives 1001 items; at most 1000"):
        tenant.run({"nodes": [node("o", for_each=list(range(1001)))]})


def test_an_item_that_fails_ends_the_node_and_is_named(tenant):
    tenant.add("picky", _picky)
    body = {"nodes": [node("p", "picky", for_each=[1, 2, 3, 4], input="{{item}}", concurrency=1)]}

    with pytest.raises(NodeFailedError, match="node 'p' failed: item 1: no twos") as failure:
        tenant.run(body)

    assert len(tenant.calls) == 2
    assert failure.value.details["error"]["details"]["item"] == 1


def test_with_continue_on_error_the_other_items_are_kept(tenant):
    tenant.add("picky", _picky)
    body = {
        "nodes": [
            node("p", "picky", for_each=[1, 2, 3], input="{{item}}", continue_on_error=True),
            node("e", "echo", input="{{steps.p.data}}"),
        ]
    }

    payload = tenant.run(body)

    assert tenant.calls[-1].input_payload == [1, None, 3]
    assert statuses(payload) == {"p": "failed", "e": "success"}
    assert payload.warnings == ("node 'p' failed and the workflow went on: item 1: no twos",)


def _picky(call):
    if call.input_payload == 2:
        raise EngineError("no twos")
    return call.input_payload


# failures


def test_an_unhandled_failure_names_node_and_cause(tenant):
    body = {
        "nodes": [node("a"), node("b", "broken"), node("c"), node("d")],
        "edges": [edge("a", "b"), edge("b", "c"), edge("a", "d")],
    }

    with pytest.raises(NodeFailedError, match="node 'b' failed: it is broken") as failure:
        tenant.run(body)

    details = failure.value.details
    assert (details["node"], details["failed_nodes"]) == ("b", ["b"])
    assert details["error"]["type"] == "internal_error"
    assert details["error"]["details"] == {"why": "test"}
    assert [(step["node_id"], step["status"], step["note"]) for step in details["steps"]] == [
        ("a", "success", ""),
        ("b", "failed", ""),
        ("c", "skipped", "b did not succeed"),
        ("d", "success", ""),
    ]


def test_a_template_that_fails_fails_its_node(tenant):
    body = {"nodes": [node("r", "rows"), node("e", "echo", input="{{steps.r.rows[9].n}}")]}

    with pytest.raises(NodeFailedError, match=r"node 'e' failed: nodes\[1\].input") as failure:
        tenant.run(body)

    assert failure.value.details["error"]["type"] == "template_failed"
    assert tenant.called == ["rows"]


def test_with_continue_on_error_what_waits_runs_with_no_data(tenant):
    body = {
        "nodes": [
            node("b", "broken", continue_on_error=True),
            node("e", "echo", input=["{{steps.b.status}}", "{{steps.b.data}}", "{{steps.b.rows}}"]),
            node("m", "echo", input="{{steps.b.error.message}}"),
        ]
    }

    payload = tenant.run(body)

    assert tenant.calls[1].input_payload == ["failed", None, []]
    assert tenant.calls[2].input_payload == "it is broken"
    assert statuses(payload) == {"b": "failed", "e": "success", "m": "success"}


def test_a_handler_runs_only_for_a_failure_and_is_told_of_it(tenant):
    body = {
        "nodes": [
            node("b", "broken", on_error_action_index=1),
            node("h", "echo", input=["{{error.node}}", "{{error.type}}", "{{error.message}}"]),
            node("after"),
        ],
        "edges": [edge("b", "after")],
    }

    payload = tenant.run(body)

    assert data(payload)["input"] == ["b", "internal_error", "it is broken"]
    assert statuses(payload) == {"b": "handled", "h": "success", "after": "skipped"}
    assert payload.warnings == ("node 'b' failed and was handled: it is broken",)


def test_a_handler_with_nothing_to_handle_is_skipped(tenant):
    body = {"nodes": [node("a", on_error_action_index=1), node("h", "echo")]}

    payload = tenant.run(body)

    assert data(payload) == 1
    assert [(step.status, step.note) for step in payload.steps] == [
        ("success", ""),
        ("skipped", "nothing to handle"),
    ]


@pytest.mark.parametrize(("first", "expected"), [("rows", "rows"), ("broken", "fallback")])
def test_a_handler_can_stand_in_for_what_failed(tenant, first, expected):
    tenant.add("fallback", lambda _call: {"rows": [{"n": 0}]})
    body = {
        "nodes": [
            node("live", first, on_error_action_index=1),
            node("stored", "fallback"),
            node("e", "echo", input="{{steps.live.rows or steps.stored.rows}}"),
        ]
    }

    tenant.run(body)

    assert tenant.called == list(dict.fromkeys((first, expected, "echo")))
    assert tenant.calls[-1].input_payload == tenant.logic[expected](None)["rows"]


def test_a_handler_that_fails_fails_the_run(tenant):
    body = {
        "nodes": [
            node("b", "broken", on_error_action_index=1),
            node("h", "echo", input="{{error.details.nothing}}"),
        ]
    }

    with pytest.raises(NodeFailedError) as failure:
        tenant.run(body)

    assert failure.value.details["failed_nodes"] == ["b", "h"]


def test_a_handler_may_have_a_handler(tenant):
    body = {
        "nodes": [
            node("b", "broken", on_error_action_index=1),
            node("h", "broken", on_error_action_index=2),
            node("last", "echo", input="{{error.node}}"),
        ]
    }

    payload = tenant.run(body)

    assert statuses(payload) == {"b": "handled", "h": "handled", "last": "success"}
    assert data(payload)["input"] == "h"


@pytest.mark.parametrize("mode", ["sequential", "parallel"])
def test_one_handler_may_serve_a_whole_chain(tenant, mode):
    body = {
        "nodes": [
            node("a", on_error_action_index=3),
            node("b", "broken", on_error_action_index=3),
            node("c", on_error_action_index=3),
            node("h", "echo", input="{{error.node}}"),
        ],
        "edges": [edge("a", "b"), edge("b", "c")],
        "mode": mode,
    }

    payload = tenant.run(body)

    expected = {"a": "success", "b": "handled", "c": "skipped", "h": "success"}
    assert statuses(payload) == expected
    assert tenant.calls[-1].input_payload == "b"


def test_handlers_that_wait_for_each_others_failures_do_not_hang(tenant):
    body = {
        "nodes": [
            node("a", "broken", on_error_action_index=2),
            node("b", "broken", on_error_action_index=3),
            node("for_a", "echo"),
            node("for_b", "echo"),
            node("after_a"),
            node("after_b"),
        ],
        "edges": [
            edge("a", "after_a"),
            edge("after_a", "for_b"),
            edge("b", "after_b"),
            edge("after_b", "for_a"),
        ],
    }

    with pytest.raises(NodeFailedError) as failure:
        tenant.run(body)

    assert "a" in failure.value.details["failed_nodes"]


# time


def test_a_run_past_its_deadline_is_a_timeout(tenant):
    body = {"nodes": [node(f"n{i}", "slow") for i in range(9)]}

    with pytest.raises(DeadlineExceededError, match=r"did not finish within 0\.12 s") as failure:
        tenant.run(body, timeout_s=0.12)

    steps = failure.value.details["steps"]
    assert [step["status"] for step in steps][:2] == ["success", "success"]
    assert steps[-1]["status"] == "skipped"


def test_a_call_that_used_up_the_deadline_is_a_timeout(tenant):
    tenant.add("late", _late)

    with pytest.raises(DeadlineExceededError, match="time ran out in node 'l'") as failure:
        tenant.run({"nodes": [node("l", "late")]}, timeout_s=0.03)

    assert failure.value.outcome == "timeout"
    assert failure.value.details["error"]["type"] == "timeout"


def test_a_call_with_a_timeout_of_its_own_is_a_failed_node(tenant):
    tenant.add("late", _late)

    with pytest.raises(NodeFailedError, match="node 'l' failed: too late") as failure:
        tenant.run({"nodes": [node("l", "late", timeout_seconds=0.03)]})

    assert failure.value.details["error"]["type"] == "timeout"


def _late(_call):
    time.sleep(0.04)
    raise DeadlineExceededError("too late")


def test_a_call_that_does_not_end_by_itself_is_not_waited_for(tenant, monkeypatch):
    monkeypatch.setattr("engine.executor_workflow.runner.GRACE_S", 0.05)
    gate = threading.Event()
    tenant.add("stuck", lambda _call: gate.wait(5))
    body = {"nodes": [node("s", "stuck"), node("o")], "mode": "parallel"}

    with pytest.raises(DeadlineExceededError, match="still running: s") as failure:
        tenant.run(body, timeout_s=0.05)
    gate.set()

    first, second = failure.value.details["steps"]
    assert (first["status"], first["note"]) == ("failed", "unfinished at the deadline")
    assert second["status"] == "success"


# nesting


def test_a_node_may_be_a_workflow(tenant):
    inner = {
        "nodes": [node("e", "echo", input="{{params.day}}")],
        "output": "{{steps.e.data.input}}",
    }
    tenant.add_workflow("inner", inner, param_schema={"day": ParamSpec()})
    body = {
        "nodes": [
            node("w", "inner", type="workflow", for_each=[1, 2], params={"day": "{{item}}"}),
        ]
    }

    assert data(tenant.run(body)) == [1, 2]


def test_a_failure_inside_names_both_nodes(tenant):
    tenant.add_workflow("inner", {"nodes": [node("b", "broken")]})

    with pytest.raises(
        NodeFailedError, match="node 'w' failed: node 'b' failed: it is broken"
    ) as failure:
        tenant.run({"nodes": [node("w", "inner")]})

    assert failure.value.details["error"]["details"]["node"] == "b"


# partial runs


CHAIN = {
    "nodes": [
        node("a"),
        node("b", "echo", input="{{steps.a.data}}"),
        node("c", "echo", input="{{steps.b.data.input}}"),
        node("other"),
    ],
    "output": "{{steps.other.data}}",
}


def test_a_run_up_to_a_node_leaves_the_rest_out(tenant):
    payload = tenant.run(CHAIN, options=WorkflowRunOptions(until="b"))

    assert statuses(payload) == {"a": "success", "b": "success"}
    assert data(payload)["input"] == 1


def test_one_node_runs_with_the_data_of_others_given(tenant):
    options = WorkflowRunOptions(until="c", pinned={"b": {"input": [7]}})

    payload = tenant.run(CHAIN, options=options)

    assert tenant.called == ["echo"]
    assert data(payload)["input"] == [7]
    assert [(step.node_id, step.note) for step in payload.steps] == [("b", "pinned"), ("c", "")]


def test_pinned_rows_are_seen_as_rows(tenant):
    body = {"nodes": [node("r", "rows"), node("e", "echo", input="{{steps.r.rows}}")]}

    tenant.run(body, options=WorkflowRunOptions(pinned={"r": [{"n": 9}]}))

    assert tenant.called == ["echo"]
    assert tenant.calls[0].input_payload == [{"n": 9}]


def test_a_partial_run_of_an_unknown_node_is_refused(tenant):
    with pytest.raises(BadRequestError, match="no node 'z'; known: a, b, c, other"):
        tenant.run(CHAIN, options=WorkflowRunOptions(until="z"))


# dry run


def test_a_dry_run_tells_order_and_calls_nothing(tenant):
    body = {
        "nodes": [
            node(
                "b",
                "echo",
                params={"value": {"of": "{{params.origin}}", "rows": "{{steps.a.rows}}"}},
                when="{{params.origin == 'JFK'}}",
            ),
            node("a", on_error_action_index=2),
            node("h", "echo"),
        ],
        "edges": [edge("a", "b")],
    }

    plan = tenant.dry_run(body, {"origin": "JFK"})

    assert tenant.calls == []
    assert (plan["mode"], plan["order"]) == ("parallel", ["a", "b", "h"])
    assert plan["levels"] == [["a"], ["b", "h"]]
    first, second, third = plan["nodes"]
    assert first["params"] == {"value": {"of": "JFK", "rows": "{{steps.a.rows}}"}}
    assert (first["when"], first["waits_for"]) == (True, ["a"])
    assert (second["handler"], third["handles"]) == ("h", ["a"])


class Watcher:
    def __init__(self):
        self.seen = []

    def started(self, node_id):
        self.seen.append((node_id, "started"))

    def ended(self, step):
        self.seen.append((step.node_id, step.status))


def test_a_watcher_is_told_of_each_node_as_it_starts_and_ends(tenant):
    watcher = Watcher()

    tenant.run(CHAIN, options=WorkflowRunOptions(watcher=watcher))

    assert watcher.seen == [
        (name, what) for name in ("a", "b", "c", "other") for what in ("started", "success")
    ]


def test_a_watcher_is_not_told_of_pinned_nodes(tenant):
    watcher = Watcher()

    tenant.run(
        CHAIN, options=WorkflowRunOptions(pinned={"b": {"input": 1}}, watcher=watcher, until="c")
    )

    assert [name for name, what in watcher.seen if what == "started"] == ["c"]

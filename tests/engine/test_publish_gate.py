import json
from uuid import uuid4

import pytest

from engine.call import ExecutionRequest
from engine.errors import ConflictError, PermissionDeniedError
from engine.model import ExecutionQuery, Scope

BLOCK = {"publish_gate": {"mode": "block"}}
OTHER = {"logic_body": "SELECT :n + 2 AS answer"}


@pytest.fixture
def called(sample_engine, new_sql_api, admin_caller):
    """Publishes an API and calls it with each of some numbers."""

    def make(*numbers, policy=None, **fields):
        api = new_sql_api(policy, **fields)
        for number in numbers:
            call(sample_engine, api, admin_caller, n=number)
        return api.api_name

    return make


def call(engine, api, caller, **params):
    return engine.run(ExecutionRequest(api=api.api_name, params=params, source="rest"), caller)


@pytest.fixture
def gate_of(sample_engine, admin_caller):
    """Publishes a change and gives what the gate kept with the version."""

    def publish(name, fields, **how):
        live = sample_engine.apis.update(name, fields, admin_caller, **how)
        return sample_engine.apis.version(name, live.version, admin_caller).gate

    return publish


def test_distinct_calls_are_replayed_and_what_changes_is_kept_with_the_version(called, gate_of):
    report = gate_of(called(1, 2, 2, 1, 3), OTHER)

    assert report.verdict == "changed"
    assert [each.params for each in report.calls] == [{"n": 3}, {"n": 1}, {"n": 2}]
    [example] = report.calls[0].difference.examples
    assert (example.before, example.after) == (4, 5)
    assert report.live_version == 1
    assert min(report.live_p50_ms, report.draft_p95_ms) > 0


def test_what_changes_nothing_passes(called, gate_of):
    report = gate_of(called(1), {"logic_body": "SELECT 1 + :n AS answer"})

    assert report.verdict == "passed"
    assert [each.verdict for each in report.calls] == ["same"]


def test_new_columns_and_failures_are_told(called, gate_of):
    more = gate_of(called(1), {"logic_body": "SELECT :n + 1 AS answer, 2 AS more"})
    fails = gate_of(called(1), {"logic_body": "SELECT CAST('x' AS INTEGER) + :n AS answer"})

    assert more.calls[0].difference.columns_added == ("more",)
    assert fails.verdict == "failed"
    assert fails.calls[0].verdict == "failed"
    assert fails.calls[0].draft.error.startswith("query_failed: ")


def test_what_a_version_mends_is_no_failure(called, gate_of):
    broken = called(1, logic_body="SELECT CAST('x' AS INTEGER) + :n AS answer")

    report = gate_of(broken, OTHER)

    assert report.verdict == "passed"
    assert report.calls[0].verdict == "mended"


def test_an_answer_that_is_another_each_time_is_no_difference(called, gate_of):
    report = gate_of(
        called(1, logic_body="SELECT random() AS r, :n AS n"),
        {"logic_body": "SELECT random() AS r, :n AS n, 1 AS one"},
    )

    assert report.calls[0].verdict == "unstable"
    assert report.verdict == "passed"


def test_a_blocking_gate_refuses_until_the_changes_are_accepted(
    sample_engine, called, gate_of, admin_caller
):
    api = called(1, policy=BLOCK)

    with pytest.raises(ConflictError, match="1 of 1 replayed calls") as refusal:
        gate_of(api, OTHER)

    assert refusal.value.details["gate"]["calls"][0]["params"] == {"n": 1}
    assert sample_engine.apis.get(api, admin_caller).version == 1
    accepted = gate_of(api, OTHER, accept_changes=True)
    assert accepted.accepted_by == admin_caller.subject
    assert sample_engine.apis.get(api, admin_caller).version == 2


def test_a_version_cannot_switch_off_the_gate_it_has_to_pass(called, gate_of):
    api = called(1, policy=BLOCK)

    with pytest.raises(ConflictError):
        gate_of(api, {**OTHER, "runtime_policy": {"publish_gate": {"mode": "off"}}})


def test_the_way_back_is_open_and_quick(sample_engine, called, gate_of, admin_caller):
    api = called(1, policy=BLOCK)
    gate_of(api, OTHER, accept_changes=True)

    back = sample_engine.apis.rollback(api, 1, admin_caller)

    assert back.version == 3
    assert sample_engine.apis.version(api, 3, admin_caller).gate is None


def test_defaults_and_credentials_are_those_of_the_new_version(called, gate_of):
    schema = {"n": {"type": "integer", "default": 50}}

    report = gate_of(called(41), {"param_schema": schema})

    assert report.calls[0].params == {}
    assert report.calls[0].difference.examples[0].after == 51


def test_calls_with_masked_parameters_are_named_and_not_replayed(called, gate_of):
    secret = {"n": {"type": "integer", "default": 41, "secret": True}}

    report = gate_of(called(1, 2, param_schema=secret), OTHER)

    assert report.verdict == "nothing"
    assert report.reason == "no logged call can be replayed"
    [skipped] = report.skipped
    assert skipped.reason == "the parameter 'n' is masked in the log"


def test_values_of_masked_columns_are_not_kept_in_the_report(called, gate_of):
    mask = {"mask": {"columns": {"answer": "redact"}, "except_roles": ["admin"]}}

    report = gate_of(called(1, policy=mask), {"logic_body": "SELECT :n AS answer, 'x' AS more"})

    assert report.calls[0].difference.columns_added == ("more",)
    assert "'before': 2" not in str(report.model_dump())


def test_the_number_of_calls_and_their_time_are_bounded(called, gate_of):
    few = gate_of(called(1, 2, 3, policy={"publish_gate": {"calls": 2}}), OTHER)
    late = gate_of(called(1, policy={"publish_gate": {"seconds": 1e-9}}), OTHER)
    off = gate_of(called(1, policy={"publish_gate": {"mode": "off"}}), OTHER)

    assert len(few.calls) == 2
    assert "were over" in late.skipped[0].reason
    assert (off.verdict, off.calls) == ("nothing", ())


def test_tests_and_refused_calls_are_not_replayed(
    sample_engine, called, gate_of, new_sql_api, admin_caller
):
    api = new_sql_api()
    sample_engine.run(ExecutionRequest(api=api, test=True), admin_caller)
    call(sample_engine, api, admin_caller, n="many")

    report = gate_of(api.api_name, OTHER)

    assert (report.verdict, report.reason) == ("nothing", "no call is logged yet")


def test_what_writes_is_not_replayed_and_says_why(sample_engine, gate_of, admin_caller):
    def published(**fields):
        name = f"t-{uuid4().hex[:10]}"
        return sample_engine.apis.create({"api_name": name, **fields}, admin_caller).api_name

    request = json.dumps({"method": "POST", "url": "http://127.0.0.1:9/"})
    sends = published(logic_type="http", logic_body=request)
    nodes = json.dumps({"nodes": [{"id": "tell", "api_id": sends}]})
    calls = published(logic_type="workflow", logic_body=nodes)

    assert gate_of(sends, {"tags": ["a"]}).reason == "its calls cannot be replayed: it sends POST"
    assert gate_of(calls, {"tags": ["a"]}).reason == (
        f"its calls cannot be replayed: its node 'tell' calls {sends!r}: it sends POST"
    )


def test_workflows_and_scripts_are_replayed_with_their_input(sample_engine, gate_of, admin_caller):
    body = "def main(params, input_payload):\n    return {'twice': input_payload['n'] * 2}\n"
    name = f"t-{uuid4().hex[:10]}"
    fields = {"api_name": name, "logic_type": "script", "logic_body": body}
    script = sample_engine.apis.create(fields, admin_caller).api_name
    nodes = json.dumps({"nodes": [{"id": "n", "api_id": script, "input": "{{input}}"}]})
    flow = {"api_name": f"{name}-w", "logic_type": "workflow", "logic_body": nodes}
    workflow = sample_engine.apis.create(flow, admin_caller).api_name
    sample_engine.execute(workflow, input_payload={"n": 4})

    report = gate_of(script, {"logic_body": body.replace("* 2", "* 3")})
    same = gate_of(workflow, {"tags": ["x"]})

    assert report.calls[0].difference.examples[0].where == "twice"
    assert [each.verdict for each in same.calls] == ["same"]


def test_a_preview_tells_the_same_and_publishes_nothing(sample_engine, called, admin_caller):
    api = called(1, policy=BLOCK)
    sample_engine.apis.save_draft(api, OTHER, admin_caller)

    preview = sample_engine.apis.preview(api, admin_caller)
    other = sample_engine.apis.preview(api, admin_caller, {"tags": ["x"]})

    assert preview.gate.verdict == "changed"
    assert preview.refused
    assert (other.gate.verdict, other.refused) == ("passed", "")
    assert sample_engine.apis.get(api, admin_caller).version == 1
    viewer = admin_caller.model_copy(update={"roles": frozenset({"viewer"})})
    with pytest.raises(PermissionDeniedError):
        sample_engine.apis.preview(api, viewer)


def test_who_may_not_read_the_log_replays_nothing(sample_engine, called, admin_caller):
    api = called(1)
    scope = Scope(groups=("apis",))
    key = admin_caller.model_copy(update={"kind": "api_key", "scope": scope})

    live = sample_engine.apis.update(api, OTHER, key)

    gate = sample_engine.apis.version(api, live.version, admin_caller).gate
    assert gate.verdict == "nothing"
    assert "may not read the log" in gate.reason


def test_replayed_calls_are_logged_as_tests_by_who_publishes(
    sample_engine, called, gate_of, admin_caller
):
    api = called(1)

    report = gate_of(api, OTHER)

    api_id = sample_engine.apis.get(api, admin_caller).id
    tests = sample_engine.logs.search(
        ExecutionQuery(api_id=api_id, source="test", limit=10), admin_caller
    )
    ids = {each.id for each in tests.items}
    assert {report.calls[0].live.execution_id, report.calls[0].draft.execution_id} <= ids

"""The policy lab: faults happen as planned, policies react, and nothing outside is touched."""

import time

import pytest

from engine.call import ExecutionRequest
from engine.cancellation import Cancellation
from engine.errors import BadRequestError, DefinitionInvalidError, PermissionDeniedError
from engine.model import ExecutionQuery
from engine.policy_lab import FAULTS, Fault, LabPlan

QUICK = {"retry_backoff_ms": 0, "retry_jitter": False}
ONCE = {**QUICK, "max_retries": 0}


@pytest.fixture
def run(sample_engine, admin_caller, new_sql_api):
    """Runs a plan on a new API with a policy."""

    def run(policy, caller=admin_caller, **plan):
        return sample_engine.lab.run(new_sql_api(policy), LabPlan(**plan), caller)

    return run


def statuses(results):
    return [result.status for result in results]


def test_without_a_fault_every_call_is_real(run):
    results = run({}, fault=Fault(kind="none"), calls=3, params={"n": 1})

    assert [result.rows for result in results] == [[{"answer": 2}]] * 3


def test_an_error_is_injected_into_the_first_attempts_and_then_no_more(run):
    results = run(ONCE, fault=Fault(attempts=2), calls=4)

    assert statuses(results) == ["fail", "fail", "success", "success"]
    assert results[0].error.type == "target_unavailable"


def test_retries_use_up_the_faults(run):
    [result] = run(QUICK, fault=Fault(attempts=2), calls=1)

    assert (result.status, result.attempts) == ("success", 3)
    stages = [(stage.stage, stage.verdict) for stage in result.trace]
    assert stages.count(("attempt", "failed")) == stages.count(("backoff", "waited")) == 2


@pytest.mark.parametrize(
    ("code", "error", "attempts", "trips"),
    [
        ("target_unavailable", "target_unavailable", 3, True),
        ("target_transient", "target_transient", 3, False),
        ("target_failed", "target_failed", 1, True),
        ("upstream_429", "upstream_status", 3, True),
        ("upstream_500", "upstream_status", 1, True),
        ("upstream_503", "upstream_status", 3, True),
        ("query_failed", "query_failed", 1, False),
        ("response_invalid", "response_invalid", 1, False),
    ],
)
def test_each_error_is_retried_and_counted_as_its_class_says(run, code, error, attempts, trips):
    policy = {**QUICK, "max_retries": 2, "circuit_breaker": {"failure_threshold": attempts}}
    if code == "upstream_429":
        policy |= {"max_retries": 1, "circuit_breaker": {"failure_threshold": 2}}
        attempts = 2

    [result] = run(policy, fault=Fault(code=code, attempts=9), calls=1)

    assert result.error.type == error
    assert result.attempts == attempts
    assert (result.circuit_breaker_state == "open") is trips


def test_the_table_of_errors_is_tested_in_full():
    mark = test_each_error_is_retried_and_counted_as_its_class_says.pytestmark[0]

    assert {case[0] for case in mark.args[1]} == set(FAULTS)


def test_the_breaker_opens_and_closes_within_the_run(run):
    breaker = {"failure_threshold": 2, "success_threshold": 1, "timeout_seconds": 0.05}
    results = run(
        {**ONCE, "circuit_breaker": breaker}, fault=Fault(attempts=2), calls=4, pause_s=0.03
    )

    assert [result.circuit_breaker_state for result in results][:2] == ["closed", "open"]
    assert results[2].error.type == "breaker_open"
    assert (results[3].status, results[3].circuit_breaker_state) == ("success", "closed")


def test_a_limit_refuses_in_the_run(run):
    results = run({"rate_limit": {"per_api": "2/minute"}}, fault=Fault(kind="none"), calls=3)

    assert statuses(results) == ["success", "success", "rejected"]
    assert results[2].headers["RateLimit-Remaining"] == "0"


def test_latency_slows_the_attempt_and_then_the_work_is_done(run):
    [result] = run({}, fault=Fault(kind="latency", seconds=0.1, attempts=1), calls=1)

    assert result.ok
    assert result.duration_ms >= 100


def test_latency_past_the_attempts_time_is_a_timeout(run):
    policy = {**ONCE, "timeout_seconds": 0.1}

    [result] = run(policy, fault=Fault(kind="latency", seconds=5), calls=1)

    assert result.status == "timeout"
    assert result.duration_ms < 1000


def test_a_timeout_waits_out_each_attempt(run):
    policy = {**QUICK, "max_retries": 1, "timeout_seconds": 0.1}

    [result] = run(policy, fault=Fault(kind="timeout", attempts=9), calls=1)

    assert (result.status, result.attempts) == ("timeout", 2)
    assert 200 <= result.duration_ms < 1000


def test_a_bad_payload_is_a_success_that_the_cache_keeps(run):
    fault = Fault(kind="bad_payload", attempts=1)

    first, second = run({"cache": {"enabled": True}}, fault=fault, calls=2)

    assert first.ok
    assert "unexpected" in first.data
    assert (second.cached, second.data) == (True, first.data)


def test_a_stale_answer_covers_a_fault_that_comes_later(run):
    cache = {"enabled": True, "ttl_seconds": 0.01, "stale_if_error_seconds": 60}

    results = run({**ONCE, "cache": cache}, fault=Fault(after=1), calls=2, pause_s=0.05)

    assert [(result.status, result.stale) for result in results] == [
        ("success", False),
        ("success", True),
    ]


def test_nothing_of_a_run_touches_the_real_policies(sample_engine, new_sql_api, admin_caller):
    policy = {
        **ONCE,
        "rate_limit": {"per_api": "100/minute"},
        "circuit_breaker": {"failure_threshold": 1},
        "cache": {"enabled": True},
    }
    api = new_sql_api(policy)

    sample_engine.lab.run(api, LabPlan(fault=Fault(attempts=9), calls=3), admin_caller)

    live = sample_engine.run(ExecutionRequest(api=api.api_name), admin_caller)
    assert (live.status, live.cached, live.circuit_breaker_state) == ("success", False, "closed")
    assert live.headers["RateLimit-Remaining"] == "99"


def test_every_call_is_a_test_in_the_log(sample_engine, new_sql_api, admin_caller):
    api = new_sql_api()

    results = sample_engine.lab.run(api, LabPlan(fault=Fault(kind="none"), calls=2), admin_caller)

    logged = sample_engine.logs.search(ExecutionQuery(api_id=api.id), admin_caller).items
    assert {record.id for record in logged} == {result.execution_id for result in results}
    assert {record.source for record in logged} == {"test"}


def test_a_draft_is_tried_as_it_stands(sample_engine, new_sql_api, admin_caller):
    api = new_sql_api().model_copy(update={"logic_body": "SELECT 'draft' AS answer, :n AS n"})

    [result] = sample_engine.lab.run(api, LabPlan(fault=Fault(kind="none"), calls=1), admin_caller)

    assert result.rows[0]["answer"] == "draft"


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        ({"calls": 0}, "calls must be from 1 to 50"),
        ({"calls": 51}, "calls must be from 1 to 50"),
        ({"pause_s": -1}, "pause_s must be from 0 to 10"),
        ({"pause_s": 11}, "pause_s must be from 0 to 10"),
        ({"fault": Fault(attempts=-1)}, "fault.attempts must be 0 or more"),
        ({"fault": Fault(after=-1)}, "fault.after must be 0 or more"),
        ({"fault": Fault(seconds=61)}, "fault.seconds must be from 0 to 60"),
        ({"fault": Fault(code="nonsense")}, "fault.code must be one of target_unavailable"),
    ],
)
def test_a_plan_past_a_bound_is_refused_by_name(run, plan, rule):
    with pytest.raises(BadRequestError, match=rule):
        run({}, **plan)


def test_every_mistake_of_a_plan_is_named_at_once(run):
    with pytest.raises(BadRequestError) as caught:
        run({}, calls=0, pause_s=11)

    assert "calls" in caught.value.message
    assert "pause_s" in caught.value.message


def test_a_run_ends_after_its_time(sample_engine, new_sql_api, admin_caller, monkeypatch):
    monkeypatch.setattr("engine.policy_lab.MAX_RUN_S", 0.2)
    api = new_sql_api(ONCE)
    plan = LabPlan(fault=Fault(kind="timeout", attempts=99), calls=50)

    began = time.monotonic()
    results = sample_engine.lab.run(api, plan, admin_caller)

    assert time.monotonic() - began < 2
    assert statuses(results) == ["timeout"]


def test_a_viewer_may_not_run_it(run, admin_caller):
    viewer = admin_caller.model_copy(update={"roles": frozenset({"viewer"})})

    with pytest.raises(PermissionDeniedError):
        run({}, caller=viewer)


def test_a_definition_that_cannot_be_compiled_is_refused_once(
    sample_engine, new_sql_api, admin_caller
):
    broken = new_sql_api().model_copy(update={"logic_body": "DROP TABLE flights"})

    with pytest.raises(DefinitionInvalidError):
        sample_engine.lab.run(broken, LabPlan(), admin_caller)


def test_a_run_that_is_told_to_stop_begins_no_other_call(sample_engine, admin_caller, new_sql_api):
    order, heard = Cancellation(), []

    def hear_and_stop(outcome):
        heard.append(outcome)
        order.cancel()

    results = sample_engine.lab.run(
        new_sql_api({}),
        LabPlan(fault=Fault(kind="none"), calls=5, pause_s=10),
        admin_caller,
        cancellation=order,
        told=hear_and_stop,
    )

    assert len(results) == len(heard) == 1

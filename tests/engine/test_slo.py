"""Objectives of a policy: what counts, what is left of the budget, and how fast it burns."""

from uuid import uuid4

import pytest

from engine.call import ExecutionRequest
from engine.metrics import Compliance
from engine.model.policy import SloPolicy
from engine.slo import _objectives


@pytest.fixture
def held(sample_engine, new_sql_api):
    def make(slo, **fields):
        return new_sql_api({"slo": slo, "max_retries": 0}, **fields)

    return make


def run(engine, caller, api, times=1, **params):
    for _ in range(times):
        engine.run(ExecutionRequest(api=str(api.id), params=params, source="rest"), caller)


def test_an_availability_objective_counts_calls_that_ran(sample_engine, admin_caller, held):
    api = held({"availability": 0.9}, logic_body="SELECT 1 / (:n - 1) AS answer")
    failing = held({"availability": 0.5}, logic_body="SELECT CAST(:n || 'x' AS INTEGER) AS answer")
    run(sample_engine, admin_caller, api, times=4)
    run(sample_engine, admin_caller, api, n="nonsense")
    run(sample_engine, admin_caller, failing, times=2)

    [good] = sample_engine.slos.report(str(api.id), admin_caller).objectives
    [bad] = sample_engine.slos.report(str(failing.id), admin_caller).objectives

    assert (good.calls, good.good_share, good.budget_left, good.burn_rate) == (4, 1.0, 1.0, 0.0)
    assert good.is_kept
    assert (bad.calls, bad.good_share, bad.budget_left) == (2, 0.0, -1.0)
    assert bad.burn_rate == 2.0
    assert not bad.is_kept


def test_reports_name_every_api_with_objectives_the_worst_first(sample_engine, admin_caller, held):
    worst = held({"availability": 0.999}, logic_body="SELECT CAST(:n || 'x' AS INTEGER) AS answer")
    held({"latency_ms": 60_000})
    run(sample_engine, admin_caller, worst)

    reports = sample_engine.slos.reports(admin_caller)

    assert reports[0].api_name == worst.api_name
    assert len(reports) >= 2
    stranger = admin_caller.model_copy(update={"tenant_id": f"t-{uuid4().hex[:6]}"})
    assert sample_engine.slos.reports(stranger) == ()


def test_an_api_without_objectives_has_no_report(sample_engine, admin_caller, new_sql_api):
    assert sample_engine.slos.report(str(new_sql_api().id), admin_caller) is None


def test_a_refusal_by_the_breaker_is_no_availability(sample_engine, admin_caller, held):
    api = held(
        {"availability": 0.9, "latency_ms": 60_000},
        logic_body="SELECT CAST(:n || 'x' AS INTEGER) AS answer",
    )
    sample_engine.policies.steer_breaker(str(api.id), "forced_open", admin_caller, reason="test")
    run(sample_engine, admin_caller, api, times=3)
    sample_engine.policies.steer_breaker(str(api.id), "auto", admin_caller, reason="over")

    available, quick = sample_engine.slos.report(str(api.id), admin_caller).objectives

    assert (available.calls, available.good_share) == (3, 0.0)
    assert (quick.calls, quick.good_share, quick.budget_left) == (0, None, None)
    assert quick.is_kept


@pytest.mark.parametrize(
    ("share", "left", "burn"),
    [(1.0, 1.0, 0.0), (0.995, 0.5, 0.5), (0.99, 0.0, 1.0), (0.98, -1.0, 2.0)],
)
def test_a_budget_is_what_the_objective_leaves(share, left, burn):
    seen = Compliance(expected=1000, available_share=share, ran=1000, within_share=None)

    [report] = _objectives(SloPolicy(availability=0.99), seen, seen)

    assert report.budget_left == pytest.approx(left)
    assert report.burn_rate == pytest.approx(burn)

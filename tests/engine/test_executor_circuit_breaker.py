"""Whose breaker guards a call, what trips it, and what operators may do."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from engine.errors import (
    BadRequestError,
    DeadlineExceededError,
    NotFoundError,
    ParamsInvalidError,
    QueryFailedError,
    RateLimitedError,
    TargetTransientError,
    TargetUnavailableError,
    UpstreamStatusError,
)
from engine.executor_circuit_breaker import CircuitBreakerManager, outcome_of
from engine.model import ApiDefinition, Caller
from engine.ports import Settlement
from storage.shared_state.memory import MemorySharedState

NOW = datetime(2026, 2, 8, tzinfo=UTC)
ADA = Caller(subject="ada", roles=frozenset({"admin"}))


def api(number=1, *, tenant="default", policy=None, **fields):
    definition = {
        "id": UUID(int=number),
        "tenant_id": tenant,
        "api_name": f"api-{number}",
        "logic_type": "sql",
        "logic_body": "select 1",
        "connection": "sample",
        "runtime_policy": {"circuit_breaker": policy or {}},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ApiDefinition.model_validate(definition | fields)


@pytest.fixture
def shared():
    return MemorySharedState(cache_bytes=1024)


@pytest.fixture
def breakers(shared):
    return CircuitBreakerManager(shared)


def fail(breakers, shared, definition, times=1):
    config = breakers.config_for(definition, timeout_s=5)
    for _ in range(times):
        permit = shared.permit(config)
        shared.settle(Settlement(breaker=config, permit=permit, outcome="failure"))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "success"),
        (TargetUnavailableError("gone"), "failure"),
        (DeadlineExceededError("late"), "failure"),
        (UpstreamStatusError("500", status=500), "failure"),
        (UpstreamStatusError("429", status=429), "failure"),
        (UpstreamStatusError("404", status=404), "neutral"),
        (TargetTransientError("again"), "neutral"),
        (QueryFailedError("no such column"), "neutral"),
        (ParamsInvalidError("origin is required"), "neutral"),
        (RateLimitedError("slow down"), "neutral"),
    ],
)
def test_only_the_targets_faults_are_failures(error, outcome):
    assert outcome_of(error) == outcome


def test_running_out_of_the_callers_budget_says_nothing_of_the_target():
    assert outcome_of(DeadlineExceededError("late"), cut_short=True) == "neutral"
    assert outcome_of(TargetUnavailableError("gone"), cut_short=True) == "failure"


def test_the_config_follows_the_policy(breakers):
    policy = {"failure_threshold": 7, "success_threshold": 3, "timeout_seconds": 9}

    config = breakers.config_for(api(policy=policy), timeout_s=5)

    assert (config.failure_threshold, config.success_threshold, config.open_s) == (7, 3, 9)
    assert config.lease_s == 6


def test_a_disabled_policy_has_no_breaker(breakers):
    assert breakers.config_for(api(policy={"enabled": False}), timeout_s=5) is None


def test_each_api_has_its_own_breaker_unless_it_shares_its_targets(breakers):
    shared_policy = {"per_api_isolation": False}
    own = {breakers.config_for(api(number), 5).key for number in (1, 2)}
    together = {breakers.config_for(api(number, policy=shared_policy), 5).key for number in (1, 2)}
    elsewhere = breakers.config_for(api(3, policy=shared_policy, connection="crm"), 5).key

    assert len(own) == 2
    assert len(together) == 1
    assert elsewhere not in together


@pytest.mark.parametrize(
    ("logic_type", "body", "target"),
    [
        ("http", '{"url": "https://User:pw@API.example.com:8443/v1"}', "host:api.example.com:8443"),
        ("http", '{"url": "https://{{params.host}}/v1"}', "host:{{params.host}}"),
        ("http", "not json", "host:unknown"),
        ("http", '{"method": "GET"}', "host:unknown"),
        ("script", "def main(params, input_payload): ...", "script"),
        ("workflow", "{}", "workflow"),
    ],
)
def test_apis_of_one_target_share_its_breaker(breakers, logic_type, body, target):
    definition = api(logic_type=logic_type, logic_body=body, policy={"per_api_isolation": False})

    assert breakers.config_for(definition, 5).key == f"default/target/{target}"


def test_tenants_never_share_a_breaker(breakers):
    keys = {
        breakers.config_for(api(tenant=tenant), 5).key
        for tenant in ("a", "a/api", "a/api/x", "default")
    }

    assert len(keys) == 4


def test_operators_see_and_set_only_their_tenants_breakers(breakers, shared):
    fail(breakers, shared, api(1))
    fail(breakers, shared, api(2, tenant="other"))
    foreign = breakers.snapshot(api(2, tenant="other")).key

    assert [breaker.key for breaker in breakers.snapshots(ADA)] == [breakers.snapshot(api(1)).key]
    with pytest.raises(NotFoundError):
        breakers.force(foreign, "disabled", ADA, reason="mine now")
    with pytest.raises(NotFoundError):
        breakers.history(ADA, key=foreign)


def test_forcing_needs_a_reason_and_keeps_it_with_the_name(breakers):
    key = breakers.snapshot(api()).key

    with pytest.raises(BadRequestError, match="needs a reason"):
        breakers.force(key, "forced_open", ADA, reason="  ")
    forced = breakers.force(key, "forced_open", ADA, reason="upgrade of the database")

    assert (forced.state, forced.reason, forced.changed_by) == (
        "open",
        "upgrade of the database",
        "ada",
    )


def test_a_reset_closes_a_tripped_breaker(breakers, shared):
    fail(breakers, shared, api(), times=5)
    tripped = breakers.snapshot(api())

    reset = breakers.reset(tripped.key, ADA)

    assert (tripped.state, reset.state, reset.failures) == ("open", "closed", 0)


def test_the_history_is_of_one_breaker_or_of_the_tenant(breakers, shared):
    fail(breakers, shared, api(1), times=5)
    fail(breakers, shared, api(2), times=5)
    fail(breakers, shared, api(3, tenant="other"), times=5)

    of_one = breakers.history(ADA, key=breakers.snapshot(api(1)).key)
    of_all = breakers.history(ADA)

    assert [event.to_state for event in of_one] == ["open"]
    assert len(of_all) == 2
    assert len(breakers.history(ADA, limit=1)) == 1

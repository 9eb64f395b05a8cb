"""Rules as they are managed and as they run, over a real engine."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import (
    BadRequestError,
    ConflictError,
    DefinitionInvalidError,
    NotFoundError,
    PermissionDeniedError,
)
from engine.model import Caller, ExecutionQuery
from engine.model.cep import EventQuery, FiringQuery, RuleQuery

LATE = {"event_type": "flight.landed", "field": "arr_delay", "op": ">", "value": 30}
BUSY = {"source": "events", "window": "1m", "op": ">", "value": 1}


def landed(delay, **fields):
    return {"event_type": "flight.landed", "data": {"arr_delay": delay, **fields}}


def test_an_event_sets_off_one_run_under_its_own_trace(tenant):
    rule = tenant.rule("event", LATE, action_spec={
        "api_id": "echo", "params": {"said": "{{event.carrier}} is {{event.arr_delay}} late"}
    })  # fmt: skip

    tenant.post(landed(45, carrier="AA"), landed(5, carrier="DL"))
    tenant.look()
    tenant.look()

    (firing,) = tenant.fired(rule)
    event = tenant.engine.rules.events.search(EventQuery(), tenant.caller).items[-1]
    runs = tenant.engine.logs.search(ExecutionQuery(trace_id=event.trace_id), tenant.caller)
    assert (firing.status, firing.event_id, firing.trace_id) == (
        "success",
        event.event_id,
        event.trace_id,
    )
    assert [(run.id, run.source) for run in runs.items] == [(firing.execution_id, "cep")]
    told = tenant.engine.rules.firing(firing.id, tenant.caller)
    assert "AA is 45 late" in str(told.result)


def test_an_event_that_is_sent_twice_is_one(tenant):
    rule = tenant.rule("event", LATE)
    event = {**landed(45), "event_id": "e1"}

    taken = [tenant.engine.rules.events.post([event, event], tenant.caller) for _ in range(2)]
    tenant.look()

    assert [(each.accepted, each.duplicates) for each in taken] == [(1, 1), (0, 2)]
    assert len(tenant.fired(rule)) == 1


def test_a_rule_sees_only_what_comes_after_it_was_switched_on(tenant):
    tenant.post(landed(45))
    rule = tenant.rule("event", LATE, is_active=False)
    tenant.post(landed(46))
    tenant.engine.rules.set_active(rule.rule_name, tenant.caller, active=True)
    tenant.post(landed(47))
    tenant.look()

    assert [firing.names["event"]["arr_delay"] for firing in tenant.fired(rule)] == [47]


def test_an_edit_of_a_rule_that_is_on_loses_no_event(tenant):
    rule = tenant.rule("event", LATE)
    tenant.post(landed(45))
    tenant.engine.rules.update(rule.rule_name, {"description": "better"}, tenant.caller)
    tenant.look()

    assert len(tenant.fired(rule)) == 1


def test_a_window_that_crosses_its_threshold_fires_once(tenant):
    rule = tenant.rule("metric", {**BUSY, "event_type": "flight.landed"})

    tenant.post(landed(1), landed(2), landed(3))
    tenant.look()
    tenant.look()

    (firing,) = tenant.fired(rule)
    assert (firing.value, firing.status) == (3.0, "success")


def test_a_window_holds_what_came_before_the_process_began_to_look(tenant):
    tenant.post(landed(1), landed(2))
    rule = tenant.rule("metric", {**BUSY, "event_type": "flight.landed"})

    tenant.look()

    assert [firing.value for firing in tenant.fired(rule)] == [2.0]


def test_the_engine_s_own_metrics_set_off_a_rule(tenant):
    rule = tenant.rule(
        "metric", {"field": "calls", "api": "echo", "window": "5m", "op": ">=", "value": 1}
    )
    tenant.engine.execute("echo", said="x", caller=tenant.caller)

    tenant.look()

    assert [firing.value for firing in tenant.fired(rule)] == [1.0]


def test_a_failing_action_is_logged_with_its_reason(tenant):
    rule = tenant.rule("event", {}, action_spec={
        "api_id": "echo", "params": {"said": "{{event.nowhere}}"}
    })  # fmt: skip

    tenant.post(landed(1))
    tenant.look()

    (firing,) = tenant.fired(rule)
    assert (firing.status, firing.error_type) == ("fail", "template_failed")
    assert "nowhere" in str(firing.error_message)


def test_a_rule_acts_with_the_rights_that_its_owner_has_now(tenant):
    keys, caller = tenant.engine.auth.keys, tenant.caller
    issued = keys.create(caller, name="ops", roles=["analyst"])
    owner = tenant.engine.auth.of_key(issued.key.id, caller)
    rule = tenant.engine.rules.create(
        {
            "rule_name": "by-key",
            "trigger_type": "event",
            "trigger_spec": {},
            "action_spec": {"api_id": "echo", "params": {"said": "x"}},
        },
        owner,
    )
    tenant.post(landed(1))
    tenant.look()
    keys.revoke(issued.key.id, caller)
    tenant.post(landed(2))
    tenant.look()

    fired = tenant.fired(rule)
    assert [each.status for each in fired] == ["success", "rejected"]
    assert "revoked" in str(fired[1].error_message)


def test_nobody_saves_a_rule_that_does_more_than_he_may(tenant):
    analyst = Caller(subject="a", tenant_id=tenant.caller.tenant_id, roles=frozenset({"viewer"}))

    with pytest.raises(PermissionDeniedError):
        tenant.engine.rules.create({}, analyst)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"action_spec": {"api_id": "nowhere"}}, "action_spec.api_id"),
        ({"action_spec": {"api_id": "echo"}}, "action_spec.params.said"),
        (
            {"action_spec": {"api_id": "echo", "params": {"said": "x", "loud": 1}}},
            "action_spec.params.loud",
        ),
        (
            {
                "trigger_type": "metric",
                "trigger_spec": {"field": "calls", "api": "none", "op": ">", "value": 1},
            },
            "trigger_spec.api",
        ),
    ],
)
def test_unknown_references_are_refused_and_nothing_is_saved(tenant, fields, path):
    complete = {
        "rule_name": "refers",
        "trigger_type": "event",
        "trigger_spec": {},
        "action_spec": {"api_id": "echo", "params": {"said": "x"}},
        **fields,
    }

    with pytest.raises(DefinitionInvalidError) as refused:
        tenant.engine.rules.create(complete, tenant.caller)

    assert [issue.path for issue in refused.value.issues] == [path]
    assert tenant.engine.rules.search(RuleQuery(), tenant.caller).total == 0


def test_lost_updates_and_taken_names_are_conflicts(tenant):
    rules, caller = tenant.engine.rules, tenant.caller
    first, second = tenant.rule("event", LATE), tenant.rule("event", LATE)

    changed = rules.update(first.rule_name, {"description": "x"}, caller, expected_version=1)

    assert changed.version == 2
    with pytest.raises(ConflictError, match="version 2, not 1"):
        rules.update(first.rule_name, {"description": "y"}, caller, expected_version=1)
    with pytest.raises(ConflictError, match="already"):
        rules.update(second.rule_name, {"rule_name": first.rule_name}, caller)


def test_tenants_do_not_see_each_other(tenant):
    rule = tenant.rule("event", {})
    stranger = tenant.caller.model_copy(update={"tenant_id": "elsewhere"})

    tenant.engine.rules.events.post([landed(1)], stranger)
    tenant.look()

    assert tenant.fired(rule) == []
    with pytest.raises(NotFoundError):
        tenant.engine.rules.get(rule.rule_name, stranger)
    assert tenant.engine.rules.log(FiringQuery(), stranger).total == 0


def test_a_backtest_tells_when_a_rule_would_have_fired_and_calls_nothing(tenant):
    now = datetime.now(UTC)
    for minute in range(30):
        at = now - timedelta(minutes=30 - minute)
        event = landed(60 if 10 <= minute < 15 else 0, carrier="AA")
        tenant.post({**event, "occurred_at": at.isoformat()})
    watch = {
        "source": "events",
        "field": "arr_delay",
        "aggregation": "avg",
        "window": "5m",
        "op": ">",
        "value": 40,
        "clear_value": 5,
    }
    fields = {
        "trigger_type": "metric",
        "trigger_spec": watch,
        "action_spec": {"api_id": "echo", "params": {"said": "x"}},
    }

    found = tenant.engine.rules.backtest(
        fields, tenant.caller, since=now - timedelta(minutes=31), until=now
    )

    assert [each.change for each in found.occurrences] == ["fired", "cleared"]
    fired_at = (found.occurrences[0].at - now).total_seconds() / 60
    assert -18.1 < fired_at < -16.9
    assert (found.fired, found.events, found.matched) == (1, 30, 30)
    assert max(point.value or 0 for point in found.series) == 60
    assert tenant.engine.rules.log(FiringQuery(), tenant.caller).total == 0


def test_a_backtest_of_a_schedule_names_its_times(tenant):
    day = datetime(2026, 1, 1, tzinfo=UTC)
    fields = {
        "trigger_type": "schedule",
        "trigger_spec": {"cron": "0 */6 * * *"},
        "action_spec": {"api_id": "echo", "params": {"said": "x"}},
    }

    found = tenant.engine.rules.backtest(
        fields, tenant.caller, since=day, until=day + timedelta(days=1)
    )

    assert [each.at.hour for each in found.occurrences] == [0, 6, 12, 18]


def test_a_period_that_cannot_be_looked_at_is_refused(tenant):
    now = datetime.now(UTC)
    fields = {
        "trigger_type": "event",
        "trigger_spec": {},
        "action_spec": {"api_id": "echo", "params": {"said": "x"}},
    }

    for since in (now + timedelta(days=1), now - timedelta(days=40)):
        with pytest.raises(BadRequestError, match="a period"):
            tenant.engine.rules.backtest(fields, tenant.caller, since=since, until=now)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (3, "an event is an object"),
        ({"data": {}}, "event_type"),
        ({"event_type": "x y", "data": {}}, "event_type"),
        ({"event_type": "x", "data": []}, "'data' is an object"),
        ({"event_type": "x"}, "'data' is an object"),
        ({"event_type": "x", "data": {}, "carrier": "AA"}, "'carrier' is no field"),
        ({"event_type": "x", "data": {}, "event_id": 3}, "event_id"),
        ({"event_type": "x", "data": {}, "occurred_at": "now"}, "occurred_at"),
        ({"event_type": "x", "data": {}, "occurred_at": "2999-01-01T00:00:00Z"}, "future"),
        ({"event_type": "x", "data": {"a": "x" * 20_000}}, "at most 16384"),
        ({"event_type": "x", "data": {"a": [0] * 2000}}, "more than 1000 values"),
    ],
)
def test_a_malformed_event_is_refused_with_all_that_came_with_it(tenant, event, reason):
    with pytest.raises(BadRequestError, match=reason) as refused:
        tenant.engine.rules.events.post([landed(1), event], tenant.caller)

    assert refused.value.details["events"][0]["event"] == 1
    assert tenant.engine.rules.events.search(EventQuery(), tenant.caller).total == 0

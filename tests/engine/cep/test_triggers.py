from datetime import UTC, datetime

import pytest

from engine.cep.rules import compile_rule
from engine.cep.triggers import EventTrigger, ScheduleTrigger, WindowTrigger, compile_trigger
from engine.errors import DefinitionInvalidError

ACTION = {"api_id": "echo"}
OVER = {"op": ">", "value": 3}


def rule(trigger_type, trigger, **fields):
    base = {"rule_name": "r", "trigger_type": trigger_type, "trigger_spec": trigger}
    return {**base, "action_spec": ACTION, **fields}


def paths_of(fields):
    with pytest.raises(DefinitionInvalidError) as refused:
        compile_rule(fields)
    return sorted(str(issue.path) for issue in refused.value.issues)


def test_the_short_form_of_an_event_rule_is_a_condition():
    trigger = compile_trigger("event", {"field": "flight.delay", "op": ">", "value": 3})

    assert isinstance(trigger, EventTrigger)
    assert trigger.where is not None
    assert trigger.where.fulfilled({"flight": {"delay": 4}})


def test_a_metric_rule_over_events_watches_a_window():
    spec = {"source": "events", "aggregation": "p95", "field": "a.b", "window": "10m", **OVER}

    trigger = compile_trigger("metric", {**spec, "hold": "30s", "clear_value": 1})

    assert isinstance(trigger, WindowTrigger)
    assert (trigger.window_s, trigger.hold.fire_s, trigger.field) == (600, 30, ("a", "b"))
    assert trigger.threshold.clear == 1


def test_a_schedule_goes_by_the_clock_of_its_zone():
    trigger = compile_trigger("schedule", {"cron": "0 6 * * *", "timezone": "Europe/Vienna"})

    assert isinstance(trigger, ScheduleTrigger)
    winter = trigger.next_after(datetime(2026, 1, 1, tzinfo=UTC))
    summer = trigger.next_after(datetime(2026, 7, 1, tzinfo=UTC))
    assert (winter.astimezone(UTC).hour, summer.astimezone(UTC).hour) == (5, 4)


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        (rule("event", {"where": {"field": "x", "op": "?"}}), ["trigger_spec.where.op"]),
        (rule("event", {"where": "x >", "cooldown": "soon"}),
         ["trigger_spec.cooldown", "trigger_spec.where"]),
        (rule("event", {"window": "5m"}), ["trigger_spec.window"]),
        (rule("event", {"dedupe_key": "{{event.x}}"}), ["trigger_spec.cooldown"]),
        (rule("event", {"dedupe_key": "{{ev.x}}", "cooldown": "5m"}), ["trigger_spec.dedupe_key"]),
        (rule("event", {"event_type": ""}), ["trigger_spec.event_type"]),
        (rule("event", {"max_per_minute": 0}), ["trigger_spec.max_per_minute"]),
        (rule("metric", {"field": "speed", **OVER}), ["trigger_spec.field"]),
        (rule("metric", {"field": "calls", "window": "5s", **OVER}), ["trigger_spec.window"]),
        (rule("metric", {"field": "calls", "window": "8d", **OVER}), ["trigger_spec.window"]),
        (rule("metric", {"field": "calls"}), ["trigger_spec.op", "trigger_spec.value"]),
        (rule("metric", {"source": "events", "aggregation": "avg", **OVER}),
         ["trigger_spec.field"]),
        (rule("metric", {"source": "sky", **OVER}), ["trigger_spec.source"]),
        (rule("metric", {"source": "events", "aggregation": "mode", **OVER, "field": "x"}),
         ["trigger_spec.aggregation"]),
        (rule("schedule", {"cron": "* * * * * *"}), ["trigger_spec.cron"]),
        (rule("schedule", {"cron": "61 * * * *"}), ["trigger_spec.cron"]),
        (rule("schedule", {"cron": "0 6 * * *", "timezone": "Mars"}), ["trigger_spec.timezone"]),
        (rule("schedule", {"cron": "0 6 * * *"}, action_spec={"api_id": "e", "input": "{{event}}"}),
         ["action_spec.input"]),
        (rule("event", {}, action_spec={"params": {"a": "{{firing.nothing}}"}, "to": 1}),
         ["action_spec.api_id", "action_spec.params.a", "action_spec.to"]),
        (rule("event", {}, rule_name="No Name"), ["rule_name"]),
        (rule("tide", {}), ["trigger_type"]),
        (rule("event", "x", extra=1), ["extra", "trigger_spec"]),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_place(fields, paths):
    assert paths_of(fields) == paths


def test_a_window_in_an_event_rule_says_what_would_be_right():
    with pytest.raises(DefinitionInvalidError) as refused:
        compile_rule(rule("event", {"window": "5m"}))

    assert "source 'events'" in str(refused.value.issues[0].suggestion)

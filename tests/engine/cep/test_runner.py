"""That a rule fires once, however many look, die or are late."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from engine.cep.runner import RuleRunner
from engine.facade import Engine
from engine.model.cep import FiringQuery
from engine.settings import Settings
from storage.cep_events import SqlEventStore
from storage.cep_firings import SqlFiringStore
from storage.cep_rules import SqlRuleStore
from storage.database import Database, default_url


class EverybodysLease:
    """A lease that has failed at its task: whoever asks has it."""

    def take(self, name, ttl_s):
        return True

    def release(self, name):
        pass


class Clock:
    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def new_runner(rule_engine: Engine, clock):
    """Makes runners that believe each that it is the only one."""
    settings: Settings = rule_engine.settings
    database = Database(default_url(settings.data_dir))
    with ExitStack() as closing:
        closing.callback(database.close)

        def make():
            runner = RuleRunner(
                rules=SqlRuleStore(database),
                events=SqlEventStore(database),
                firings=SqlFiringStore(database),
                actions=rule_engine.rule_runner._actions,
                metric_value=lambda _trigger, _rule: None,
                lease=EverybodysLease(),
                clock=clock,
            )
            closing.callback(runner.close)
            return runner

        yield make


def landed():
    return {"event_type": "flight.landed", "data": {"carrier": "AA"}}


def runs_of(tenant):
    from engine.model import ExecutionQuery

    return tenant.engine.logs.search(ExecutionQuery(source="cep"), tenant.caller).total


def settle(*runners):
    for runner in runners:
        runner.run_once()
    for runner in runners:
        runner.wait_for_actions(20)


def test_two_that_both_look_fire_an_event_a_window_and_a_schedule_once(tenant, new_runner, clock):
    clock.now = datetime.now(UTC).replace(second=50, microsecond=0)
    one, other = new_runner(), new_runner()
    on_event = tenant.rule("event", {})
    window = {"source": "events", "window": "5m", "op": ">", "value": 1}
    on_window = tenant.rule("metric", window)
    by_clock = tenant.rule("schedule", {"cron": "* * * * *"})
    settle(one, other)

    tenant.post(landed(), landed())
    clock.now += timedelta(seconds=70)
    for _ in range(3):
        settle(one, other)
        clock.now += timedelta(seconds=6)

    assert len(tenant.fired(on_event)) == 2
    assert len(tenant.fired(on_window)) == 1
    fired = [each.fired_at for each in tenant.fired(by_clock)]
    assert len(fired) == len(set(fired)) >= 1
    assert runs_of(tenant) == 3 + len(fired)


def test_one_that_comes_late_has_looked_for_nothing(tenant, new_runner):
    early, late = new_runner(), new_runner()
    rule = tenant.rule("event", {})
    settle(early, late)
    tenant.post(landed())
    settle(early)
    settle(late, late, early)
    tenant.post(landed())
    settle(late, late)

    assert len(tenant.fired(rule)) == 2


def test_what_a_dead_process_had_taken_another_one_runs(tenant, new_runner, clock):
    rule = tenant.rule("event", {})
    first = new_runner()
    settle(first)
    tenant.post(landed())
    first._look(first._rules.active(), clock())
    taken = first._firings.claim(clock(), clock() + timedelta(seconds=60), 10)
    assert len(taken) == 1

    heir = new_runner()
    settle(heir)
    assert [each.status for each in tenant.fired(rule)] == ["running"]
    clock.now += timedelta(seconds=61)
    settle(heir)

    assert [each.status for each in tenant.fired(rule)] == ["success"]


def test_the_hold_time_outlasts_the_process_that_began_it(tenant, new_runner, clock):
    spec = {"source": "events", "window": "10m", "op": ">", "value": 0, "hold": "60s"}
    rule = tenant.rule("metric", spec)
    tenant.post(landed())
    settle(new_runner())
    clock.now += timedelta(seconds=61)

    settle(new_runner())

    assert [each.status for each in tenant.fired(rule)] == ["success"]


def test_a_time_that_nobody_was_there_for_is_skipped(tenant, new_runner, clock):
    rule = tenant.rule("schedule", {"cron": "0 * * * *"})
    clock.now += timedelta(hours=5)
    clock.now = clock.now.replace(minute=30)

    settle(new_runner())

    assert tenant.fired(rule) == []


def test_the_action_of_a_rule_that_was_deleted_does_not_run(tenant, new_runner, clock):
    rule = tenant.rule("event", {})
    runner = new_runner()
    settle(runner)
    tenant.post(landed())
    runner._look(runner._rules.active(), clock())
    tenant.engine.rules.delete(rule.rule_name, tenant.caller)

    settle(runner)

    (firing,) = tenant.engine.rules.log(FiringQuery(), tenant.caller).items
    assert (firing.status, firing.error_type) == ("rejected", "not_found")


def test_a_runner_that_runs_by_itself_is_nudged_by_events(tenant, new_runner):
    rule = tenant.rule("event", {})
    runner = new_runner()
    runner.start(delay_s=0)
    tenant.post(landed())
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    while not (done := tenant.fired(rule)) or done[0].finished_at is None:
        assert datetime.now(UTC) < deadline
        runner.nudge()
        runner._stopped.wait(0.05)

    assert done[0].status == "success"

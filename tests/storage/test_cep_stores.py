"""Rules, events and firings as they are kept, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from engine.errors import ConflictError
from engine.model.cep import Event, EventQuery, Firing, FiringQuery, Rule, RuleOwner, RuleQuery
from engine.ports import AuditEntry
from engine.ports.cep import Cursor, Progress
from storage.cep_events import SqlEventStore
from storage.cep_firings import SqlFiringStore
from storage.cep_rules import SqlRuleStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AUDIT = AuditEntry("any", "ada", "rule.create", "r", NOW)


def rule(tenant, **fields):
    return Rule(
        id=uuid4(),
        tenant_id=tenant,
        trigger_type="event",
        trigger_spec={},
        action_spec={},
        is_active=True,
        version=1,
        owner=RuleOwner(subject="ada", kind="user"),
        created_by="ada",
        created_at=NOW,
        updated_at=NOW,
        **{"rule_name": "r", **fields},
    )


def event(number, tenant):
    return Event(
        tenant_id=tenant,
        event_id=f"e{number}",
        event_type="x" if number % 2 else "y",
        occurred_at=NOW + timedelta(seconds=number),
        received_at=NOW,
        trace_id="trace",
        data={"n": number},
    )


def firing(of, key):
    return Firing(
        id=uuid4(),
        tenant_id=of.tenant_id,
        rule_id=of.id,
        rule_name="r",
        rule_version=1,
        firing_key=key,
        trace_id="trace",
        status="pending",
        fired_at=NOW,
        names={"event": {"n": 1}},
    )


@pytest.fixture
def stores(database):
    return SqlRuleStore(database), SqlEventStore(database), SqlFiringStore(database)


def test_rules_are_found_changed_and_deleted(stores, tenant):
    rules, _, _ = stores
    made = rules.create(rule(tenant), AUDIT)

    changed = rules.change(
        made.model_copy(update={"description": "late"}), expected_version=1, audit=AUDIT
    )

    assert rules.get(tenant, "r") == rules.get(tenant, str(made.id)) == changed
    assert rules.search(tenant, RuleQuery(q="LATE")).total == 1
    assert rules.search(tenant, RuleQuery(is_active=False)).total == 0
    assert [stamp.version for stamp in rules.active() if stamp.rule_id == made.id] == [2]
    with pytest.raises(ConflictError):
        rules.change(made, expected_version=1, audit=AUDIT)
    with pytest.raises(ConflictError):
        rules.delete(made, AUDIT)
    with pytest.raises(ConflictError):
        rules.create(rule(tenant), AUDIT)
    rules.delete(changed, AUDIT)
    assert rules.all(tenant) == ()


def test_events_are_kept_once_and_read_in_the_order_they_came(stores, tenant):
    _, events, _ = stores

    added = [
        events.add(tenant, [event(n, tenant) for n in range(5)]),
        events.add(tenant, [event(4, tenant), event(5, tenant)]),
    ]
    events.add(f"{tenant}-2", [event(1, f"{tenant}-2")])

    found = events.after(tenant, 0, 10)
    assert added == [5, 1]
    assert [each.event_id for each in found] == [f"e{n}" for n in range(6)]
    assert [each.seq for each in found] == sorted(each.seq for each in found)
    assert events.newest(tenant) == found[-1].seq
    assert [each.event_id for each in events.after(tenant, found[3].seq, 1)] == ["e4"]
    assert events.types(tenant) == ("x", "y")
    assert events.search(tenant, EventQuery(event_type="x")).total == 3
    between = events.between(tenant, NOW + timedelta(seconds=2), NOW + timedelta(seconds=4))
    assert [each.event_id for each in between] == ["e2", "e3"]
    assert events.drop_before(NOW + timedelta(seconds=1)) >= 7
    assert events.newest(tenant) == 0


def test_only_the_first_of_two_commits_of_the_same_look_counts(stores, tenant):
    rules, _, firings = stores
    made = rules.create(rule(tenant), AUDIT)
    progress = Progress(
        seq=7, states={(made.id, 1): {"matched": 1}}, firings=[firing(made, "a"), firing(made, "a")]
    )

    first = firings.commit(tenant, Cursor(3, 0), progress)
    second = firings.commit(tenant, Cursor(3, 0), progress)
    third = firings.commit(tenant, Cursor(7, 1), progress)

    assert (first, second, third) == (True, False, True)
    assert firings.cursor(tenant) == Cursor(7, 2)
    assert firings.search(tenant, FiringQuery()).total == 1
    assert rules.get(tenant, "r").state == {"matched": 1}


def test_a_firing_is_taken_by_one_and_taken_over_when_that_one_is_silent(stores, tenant):
    rules, _, firings = stores
    made = rules.create(rule(tenant), AUDIT)
    later = NOW + timedelta(seconds=60)
    assert [firings.add(firing(made, key)) for key in ("a", "b", "a")] == [True, True, False]

    def claim(at):
        taken = firings.claim(at, at + timedelta(seconds=60), 100)
        return [each for each in taken if each.rule_id == made.id]

    taken, again = claim(NOW), claim(NOW)
    firings.renew([taken[0].id], later + timedelta(seconds=60))
    over = claim(later + timedelta(seconds=1))

    assert (len(taken), again, [each.id for each in over]) == (2, [], [taken[1].id])
    firings.finish(taken[0].model_copy(update={"status": "success", "finished_at": NOW}))
    assert firings.get(tenant, taken[0].id).status == "success"
    assert firings.is_waiting(later + timedelta(hours=1))
    assert firings.drop_before(later) >= 1
    assert firings.search(tenant, FiringQuery(rule_id=made.id)).total == 1

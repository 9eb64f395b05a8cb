from datetime import UTC, datetime, timedelta

import pytest

from engine.model import ExecutionQuery
from engine.ports import RollupQuery
from storage import retention as retention_module
from storage.executions import SqlExecutionStore
from storage.retention import Retention
from storage.rollup_reading import SqlRollupStore
from storage.rollups import RollupWriter

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(database):
    return SqlExecutionStore(database)


def test_old_executions_go_and_their_sums_stay(database, store, tenant, new_record, monkeypatch):
    monkeypatch.setattr(retention_module, "AT_ONCE", 2)
    old = [new_record(created_at=NOW - 31 * DAY) for _ in range(5)]
    kept = [new_record(created_at=NOW - 29 * DAY), new_record(created_at=NOW)]
    neighbour = new_record(tenant_id=f"{tenant}-2", created_at=NOW - 31 * DAY)
    store.insert([*old, *kept, neighbour])

    dropped = Retention(database).drop_executions(30 * DAY, NOW)

    assert dropped >= 6
    found = store.search(tenant, ExecutionQuery()).items
    assert {each.id for each in found} == {each.id for each in kept}
    assert store.search(f"{tenant}-2", ExecutionQuery()).total == 0
    window = RollupQuery(since=NOW - 40 * DAY, until=NOW + DAY)
    [total] = SqlRollupStore(database).read(tenant, window)
    assert total.tally.calls == 7


def test_old_minutes_go_and_their_hours_stay(database, store, tenant, new_record):
    moment = NOW - 3 * DAY
    store.insert([new_record(created_at=moment), new_record(created_at=NOW)])
    RollupWriter(database).fold(NOW + DAY)

    Retention(database).drop_sums("minute", 2 * DAY, NOW)

    def calls(step_s, since):
        window = RollupQuery(since=since, until=since + timedelta(hours=1), step_s=step_s)
        found = SqlRollupStore(database).read(tenant, window)
        return sum(each.tally.calls for each in found)

    assert calls(60, moment) == 0
    assert calls(3600, moment) == 1
    assert calls(60, NOW) == 1


def test_minutes_that_are_not_in_their_hours_yet_are_kept(database, store, tenant, new_record):
    store.insert([new_record(created_at=NOW - 30 * DAY)])

    Retention(database).drop_sums("minute", 2 * DAY, NOW)

    window = RollupQuery(since=NOW - 31 * DAY, until=NOW)
    [total] = SqlRollupStore(database).read(tenant, window)
    assert total.tally.calls == 1

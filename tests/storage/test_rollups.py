"""Sums of the execution log: exact, once, by tenant, in every length of bucket."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import ceil
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import event

from engine.errors import StoreUnavailableError
from engine.model.latency import RANK_ERROR
from engine.ports import RollupQuery
from storage.executions import SqlExecutionStore
from storage.rollup_keys import MAX_USERS, OTHERS
from storage.rollup_reading import SqlRollupStore, Stretch, stretches
from storage.rollups import RollupWriter

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store(database):
    return SqlExecutionStore(database)


@pytest.fixture
def rollups(database):
    return SqlRollupStore(database)


@pytest.fixture
def fold(database):
    """Add all minutes to their hours and days."""
    return lambda: RollupWriter(database).fold(datetime(2100, 1, 1, tzinfo=UTC))


def window(since=NOON, until=NOON + HOUR, **fields):
    return RollupQuery(since=since, until=until, **fields)


def total(rollups, tenant, **fields):
    [found] = rollups.read(tenant, window(**fields))
    return found.tally


def calls_by(rollups, tenant, facet, **fields):
    found = rollups.read(tenant, window(facet=facet, **fields))
    return {each.value: each.tally.calls for each in found}


def test_every_counter_of_a_call_is_counted(store, rollups, tenant, new_record):
    looked_up = {"trace": [{"stage": "cache", "verdict": "miss"}]}
    store.insert(
        [
            new_record(duration_ms=10.0, attempts=1, metadata=looked_up),
            new_record(duration_ms=1.0, cached=True),
            new_record(status="fail", duration_ms=30.0, attempts=3, error_type="query_failed"),
            new_record(status="timeout", duration_ms=50.0, metadata={"breaker_tripped": True}),
            new_record(status="rejected", duration_ms=999.0, error_type="rate_limited"),
        ]
    )

    tally = total(rollups, tenant)

    assert (tally.calls, tally.ran) == (5, 4)
    assert (tally.success, tally.fail, tally.timeout, tally.rejected) == (2, 1, 1, 1)
    assert (tally.cached, tally.cache_lookups, tally.retries) == (1, 2, 2)
    assert (tally.breaker_trips, tally.rate_limited) == (1, 1)
    assert (tally.total_ms, tally.min_ms, tally.max_ms) == (91.0, 1.0, 50.0)
    assert (tally.success_rate, tally.cache_hit_rate, tally.mean_ms) == (0.5, 0.5, 22.75)
    assert (tally.latency.percentile(50), tally.latency.percentile(95)) == (10.0, 50.0)


def test_facets_tell_calls_apart_and_test_runs_count_by_source_alone(
    store, rollups, tenant, new_record
):
    api_id = uuid4()
    store.insert(
        [
            new_record(api_id=api_id, executed_by="bo", api_version=2),
            new_record(api_id=api_id, status="fail", error_type="query_failed"),
            new_record(api_id=api_id, status="fail", error_type="query_failed", source="test"),
            new_record(api_id=None, status="rejected", error_type="not_found", source="ui"),
        ]
    )

    assert calls_by(rollups, tenant, "all") == {"": 3}
    assert calls_by(rollups, tenant, "status") == {"success": 1, "fail": 1, "rejected": 1}
    assert calls_by(rollups, tenant, "user") == {"bo": 1, "ana": 2}
    assert calls_by(rollups, tenant, "cause") == {"query_failed": 1, "not_found": 1}
    assert calls_by(rollups, tenant, "source") == {"rest": 2, "test": 1, "ui": 1}
    assert calls_by(rollups, tenant, "version", apis={api_id}) == {"1": 1, "2": 1}
    assert calls_by(rollups, tenant, "user", apis={api_id}) == {"bo": 1, "ana": 1}
    by_api = {each.api_id: each.tally.calls for each in rollups.read(tenant, window(by_api=True))}
    assert by_api == {api_id: 2, None: 1}


def test_a_record_that_comes_again_is_not_counted_again(store, rollups, tenant, new_record):
    first, second, third = new_record(), new_record(), new_record()
    store.insert([first, second])

    store.insert([first, second])
    store.insert([second, third, third])

    assert total(rollups, tenant).calls == 3
    assert calls_by(rollups, tenant, "source") == {"rest": 3}


def test_what_is_not_stored_is_not_counted(database, store, rollups, tenant, new_record):
    def fail(connection, *_):
        raise StoreUnavailableError("the database went away before the commit")

    event.listen(database._engine, "commit", fail)
    try:
        with pytest.raises(StoreUnavailableError):
            store.insert([new_record()])
    finally:
        event.remove(database._engine, "commit", fail)

    assert rollups.read(tenant, window()) == ()
    assert store.summary(tenant, NOON) == ()


def test_many_processes_that_write_the_same_minute_lose_nothing(
    database, rollups, tenant, new_record
):
    api_id = uuid4()
    stores = [SqlExecutionStore(database) for _ in range(4)]
    batches = [[new_record(api_id=api_id) for _ in range(5)] for _ in range(40)]

    with ThreadPoolExecutor(4) as pool:
        for number, batch in enumerate(batches):
            pool.submit(stores[number % 4].insert, batch)
            if number % 10 == 0:
                pool.submit(RollupWriter(database).fold, NOON + DAY)

    for step_s in (60, 3600, 86_400):
        since = NOON.replace(hour=0)
        [found] = rollups.read(tenant, window(since=since, until=since + DAY, step_s=step_s))
        assert found.tally.calls == 200


def test_one_store_used_by_many_threads_loses_nothing(store, rollups, tenant, new_record):
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            pool.submit(store.insert, [new_record()])

    assert total(rollups, tenant).calls == 20


def test_series_are_the_same_from_every_length_of_bucket(store, rollups, fold, tenant, new_record):
    random = Random(7)  # noqa: S311 - repeatable
    since = NOON.replace(hour=0)
    moments = [since + timedelta(seconds=random.uniform(0, 2 * 86_400)) for _ in range(300)]
    store.insert([new_record(created_at=each) for each in moments[:200]])
    fold()
    store.insert([new_record(created_at=each) for each in moments[200:]])

    for step in (timedelta(minutes=5), timedelta(minutes=15), HOUR, timedelta(hours=6), DAY):
        expected = Counter(since + (moment - since) // step * step for moment in moments)
        query = window(since=since, until=since + 2 * DAY, step_s=int(step.total_seconds()))
        found = {each.start: each.tally.calls for each in rollups.read(tenant, query)}
        assert found == expected


def test_folding_twice_and_records_that_come_late_count_once(
    store, rollups, fold, tenant, new_record
):
    store.insert([new_record(duration_ms=1.0)])
    fold()
    store.insert([new_record(duration_ms=2.0)])
    fold()
    store.insert([new_record(duration_ms=3.0), new_record(created_at=NOON + MINUTE)])
    fold()

    for step_s in (None, 3600, 60):
        found = rollups.read(tenant, window(step_s=step_s))
        assert sum(each.tally.calls for each in found) == 4
    assert [each.tally.calls for each in rollups.lifetime(tenant)] == [1, 1, 1, 1]


def test_a_window_begins_with_its_minute_and_ends_before_its_end(
    store, rollups, fold, tenant, new_record
):
    edges = [NOON - MINUTE, NOON, NOON + HOUR - MINUTE, NOON + HOUR]
    store.insert([new_record(created_at=each) for each in edges])
    fold()

    found = rollups.read(tenant, window(since=NOON + timedelta(seconds=30)))

    assert sum(each.tally.calls for each in found) == 2


@pytest.mark.parametrize(
    ("since_s", "until_s", "step_s", "expected"),
    [
        (0, 3600, 60, [Stretch("minute", 0, 3600)]),
        (0, 7200, 3600, [Stretch("hour", 0, 7200)]),
        (0, 86_400, 86_400, [Stretch("day", 0, 86_400)]),
        (0, 86_400, 900, [Stretch("quarter_hour", 0, 86_400)]),
        (0, 86_400, 43_200, [Stretch("quarter_day", 0, 86_400)]),
        (0, 86_400, 600, [Stretch("minute", 0, 86_400)]),
        (
            60,
            7260,
            None,
            [
                Stretch("minute", 60, 900),
                Stretch("quarter_hour", 900, 3600),
                Stretch("hour", 3600, 7200),
                Stretch("minute", 7200, 7260),
            ],
        ),
        (
            0,
            3 * 86_400 + 21_600,
            None,
            [
                Stretch("day", 0, 3 * 86_400),
                Stretch("quarter_day", 3 * 86_400, 3 * 86_400 + 21_600),
            ],
        ),
        (3600, 7200, None, [Stretch("hour", 3600, 7200)]),
        (60, 120, None, [Stretch("minute", 60, 120)]),
    ],
)
def test_a_window_is_read_by_its_longest_buckets(since_s, until_s, step_s, expected):
    assert list(stretches(since_s, until_s, step_s)) == expected


def test_tenants_never_see_each_others_sums(store, rollups, fold, tenant, new_record):
    api_id = uuid4()
    store.insert([new_record(api_id=api_id)])
    fold()

    for query in (window(), window(apis={api_id}), window(by_api=True), window(facet="user")):
        assert rollups.read("other", query) == ()
    assert rollups.lifetime("other") == ()
    assert rollups.newest("other", window(facet="status")) == {}


def test_percentiles_keep_to_the_documented_error_over_many_merges(
    store, rollups, fold, tenant, new_record
):
    api_id = uuid4()
    random = Random(11)  # noqa: S311 - repeatable
    durations = [random.lognormvariate(3, 1.2) for _ in range(6000)]
    for start in range(0, 6000, 500):
        minute = NOON + timedelta(minutes=start // 500)
        some = durations[start : start + 500]
        store.insert(
            [new_record(api_id=api_id, duration_ms=each, created_at=minute) for each in some]
        )
    fold()

    exact = sorted(durations)
    for step_s in (None, 60):
        found = rollups.read(tenant, window(step_s=step_s))
        merged = found[0].tally
        for other in found[1:]:
            merged.merge(other.tally)
        for percent in (50, 95, 99):
            near = merged.latency.percentile(percent)
            rank = sum(each <= near + 0.001 for each in exact) / len(exact)
            assert abs(rank - percent / 100) <= RANK_ERROR


@pytest.mark.parametrize("count", [1, 2, 3, 10, 101])
def test_percentiles_of_few_calls_are_exact(store, rollups, tenant, new_record, count):
    store.insert([new_record(duration_ms=float(ms)) for ms in range(1, count + 1)])

    latency = total(rollups, tenant).latency

    assert [latency.percentile(p) for p in (50, 95, 99)] == [
        ceil(count * p / 100) for p in (50, 95, 99)
    ]


def test_users_beyond_the_bound_are_counted_together(store, rollups, fold, tenant, new_record):
    api_id = uuid4()
    store.insert([new_record(api_id=api_id, executed_by=f"u{n}") for n in range(MAX_USERS + 30)])
    fold()

    for fields in ({}, {"apis": {api_id}}, {"step_s": 3600}):
        users = calls_by(rollups, tenant, "user", **fields)
        assert len(users) == MAX_USERS + 1
        assert users[OTHERS] == 30


def test_values_that_an_index_could_not_hold_are_cut(store, rollups, tenant, new_record):
    store.insert([new_record(executed_by="x" * 10_000, error_type="y" * 10_000, status="fail")])

    assert calls_by(rollups, tenant, "user") == {"x" * 100: 1}
    assert calls_by(rollups, tenant, "cause") == {"y" * 100: 1}


def test_the_newest_execution_of_each_cause_is_known(store, rollups, fold, tenant, new_record):
    api_id = uuid4()
    old, new, other = (
        new_record(api_id=api_id, status="fail", error_type=cause, created_at=NOON + minutes)
        for cause, minutes in (("a", 3 * MINUTE), ("a", 5 * MINUTE), ("b", MINUTE))
    )
    store.insert([new, other])
    fold()
    store.insert([old])

    assert rollups.newest(tenant, window(facet="cause", apis={api_id})) == {
        (api_id, "a"): new.id,
        (api_id, "b"): other.id,
    }


def test_the_lifetime_of_an_api_has_its_duration_buckets(store, rollups, fold, tenant, new_record):
    api_id = uuid4()
    store.insert([new_record(api_id=api_id, duration_ms=ms) for ms in (1.0, 5.0, 5.1)])
    fold()
    store.insert([new_record(api_id=api_id, duration_ms=99_999.0, created_at=NOON + DAY)])

    [found] = rollups.lifetime(tenant)

    assert found.api_id == api_id
    assert found.tally.buckets == [2, 1, *[0] * 10, 1]

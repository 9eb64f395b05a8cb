from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from engine.errors import NotFoundError
from engine.model import ExecutionQuery, LogPosition
from storage.database import Database, TenantRows
from storage.executions import SqlExecutionStore, listing
from storage.rollup_reading import SLICES

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(database):
    return SqlExecutionStore(database)


@pytest.fixture
def sqlite_database(metadata_urls):
    database = Database(metadata_urls("sqlite"))
    yield database
    database.close()


def test_a_stored_record_comes_back_as_it_was(store, tenant, new_record):
    record = new_record(
        parent_execution_id=uuid4(),
        request_params={"origin": "JFK", "nested": {"b": [1, None, 2.5], "a": "é☃"}, "z": True},
        response_data='{"rows":[{"é":1}]}',
        response_truncated=True,
        status="fail",
        error_type="query_failed",
        error_message="line 1",
        error_stacktrace="Traceback",
        rows_affected=3,
        cached=True,
        attempts=4,
        circuit_breaker_state="half-open",
        metadata={"trace": [{"stage": "auth", "verdict": "ok"}]},
        created_at=NOON + timedelta(microseconds=123456),
    )

    store.insert([record])

    assert store.get(tenant, record.id) == record


def test_a_record_without_an_api_can_be_stored(store, tenant, new_record):
    record = new_record(api_id=None, status="rejected")

    store.insert([record])

    assert store.get(tenant, record.id) == record


def test_storing_again_changes_nothing_and_adds_what_is_missing(store, tenant, new_record):
    record, other = new_record(), new_record()
    store.insert([record])

    store.insert([record.model_copy(update={"api_name": "changed"}), other, other])

    assert store.get(tenant, record.id) == record
    assert store.search(tenant, ExecutionQuery()).total == 2


def test_no_records_are_no_work(store):
    store.insert([])


def test_another_tenant_sees_nothing(store, new_record):
    record = new_record()
    store.insert([record])

    with pytest.raises(NotFoundError, match="no execution"):
        store.get("other", record.id)
    assert store.search("other", ExecutionQuery(api_id=record.api_id)).total == 0
    assert store.summary("other", NOON) == ()


def test_search_pages_through_the_newest_first_without_answers(store, tenant, new_record):
    records = [
        new_record(created_at=NOON + timedelta(seconds=second), response_data="[1]")
        for second in range(5)
    ]
    store.insert(records)

    page = store.search(tenant, ExecutionQuery(limit=2, offset=1))

    assert [record.id for record in page.items] == [records[3].id, records[2].id]
    assert (page.total, page.limit, page.offset) == (5, 2, 1)
    assert page.items[0] == records[3].model_copy(update={"response_data": None})


@pytest.mark.parametrize(
    "query",
    [
        {"status": "timeout"},
        {"source": "cep"},
        {"executed_by": "bo"},
        {"trace_id": "abc"},
        {"error_contains": "100%_OF"},
        {"since": NOON + timedelta(minutes=1)},
        {"api_version": 7},
        {"error_type": "timeout"},
        {"cached": True},
        {"min_duration_ms": 100},
        {"max_duration_ms": 200, "min_duration_ms": 150},
        {"params": {"origin": "JFK"}},
        {"params": {"limit": "20", "all": "true"}},
        {"params": {"code": "20"}},
        {"params": {"odd name -> é": "é"}},
    ],
)
def test_search_filters(store, tenant, new_record, query):
    match = new_record(
        status="timeout",
        source="cep",
        executed_by="bo",
        trace_id="abc",
        error_message="é 100%_of them",
        error_type="timeout",
        api_version=7,
        cached=True,
        duration_ms=150,
        request_params={
            "origin": "JFK",
            "limit": 20,
            "all": True,
            "code": "20",
            "odd name -> é": "é",
        },
        created_at=NOON + timedelta(minutes=1),
    )
    other = new_record(error_message="100 of them", request_params={"origin": "jfk", "limit": 2})
    store.insert([match, other])

    page = store.search(tenant, ExecutionQuery(**query))

    assert [record.id for record in page.items] == [match.id]
    assert page.total == 1


def test_pages_follow_one_another_by_position_even_at_the_same_moment(store, tenant, new_record):
    records = [new_record(created_at=NOON + timedelta(seconds=n // 3)) for n in range(8)]
    store.insert(records)
    expected = sorted(records, key=lambda each: (-each.created_at.timestamp(), each.id))

    found, position = [], None
    while True:
        page = store.search(tenant, ExecutionQuery(limit=3, after=position))
        assert page.total == 8
        found += page.items
        if page.next is None:
            break
        position = LogPosition.read(str(page.next))

    assert [each.id for each in found] == [each.id for each in expected]


def test_matches_are_counted_up_to_a_bound(store, tenant, new_record, monkeypatch):
    monkeypatch.setattr("storage.executions.COUNTED", 2)
    store.insert([new_record() for _ in range(3)])

    page = store.search(tenant, ExecutionQuery())

    assert (page.total, page.more, len(page.items)) == (2, True, 3)


@pytest.mark.parametrize("text", ["", "Z", "20260304T120000.0Zxyz", "yesterday"])
def test_what_is_no_position_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        LogPosition.read(text)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "tenant_id_created_at"),
        ({"after": LogPosition(NOON, uuid4())}, "tenant_id_created_at"),
        ({"api_id": uuid4()}, "api_id_created_at"),
        ({"status": "fail", "since": NOON}, "unsuccessful"),
        ({"error_contains": "refused"}, "unsuccessful"),
    ],
)
def test_the_newest_are_found_by_an_index(tenant, sqlite_database, query, index):
    # Of SQLite, which has rules; PostgreSQL's planner looks at the number of rows first.
    with sqlite_database.read() as connection:
        plan = connection.execute(
            text("EXPLAIN QUERY PLAN " + statement_of(tenant, ExecutionQuery(**query)))
        )
        steps = [row.detail for row in plan]

    assert index in steps[0], steps
    assert not [step for step in steps if step == "USE TEMP B-TREE FOR ORDER BY"]


def statement_of(tenant, query):
    rows = TenantRows(None, tenant)  # type: ignore[arg-type]  # only writes the statement
    wanted = listing(rows, query)
    compiled = wanted.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    return str(compiled)


def test_search_finds_the_calls_of_an_api_and_the_nodes_of_a_workflow(store, tenant, new_record):
    parent = new_record()
    child = new_record(parent_execution_id=parent.id)
    store.insert([parent, child])

    of_api = store.search(tenant, ExecutionQuery(api_id=parent.api_id))
    of_parent = store.search(tenant, ExecutionQuery(parent_execution_id=parent.id))

    assert [record.id for record in of_api.items] == [parent.id]
    assert [record.id for record in of_parent.items] == [child.id]


def test_the_end_of_a_window_is_not_in_it(store, tenant, new_record):
    store.insert([new_record(created_at=NOON), new_record(created_at=NOON + timedelta(hours=1))])

    page = store.search(tenant, ExecutionQuery(since=NOON, until=NOON + timedelta(hours=1)))

    assert [record.created_at for record in page.items] == [NOON]


def test_a_summary_counts_calls_failures_and_latency_per_api(store, tenant, new_record):
    busy, quiet = uuid4(), uuid4()
    now = datetime.now(UTC)
    since = now - timedelta(hours=24)
    records = [
        new_record(api_id=busy, duration_ms=float(ms), created_at=since + timedelta(minutes=30))
        for ms in range(1, 101)
    ]
    records += [
        new_record(api_id=busy, status="timeout", duration_ms=5_000.0, created_at=now),
        new_record(api_id=busy, status="fail", duration_ms=5_000.0, created_at=now),
        new_record(api_id=busy, status="rejected", duration_ms=0.0, created_at=now),
        new_record(api_id=quiet, status="rejected", created_at=now),
        new_record(api_id=quiet, source="test", status="fail", created_at=now),
        new_record(api_id=quiet, created_at=since - timedelta(minutes=1)),
        new_record(api_id=None, created_at=now),
    ]
    store.insert(records)

    first, second = store.summary(tenant, since)

    assert (first.api_id, first.calls, first.failures) == (busy, 103, 2)
    assert (first.p50_ms, first.p95_ms) == (51.0, 97.0)
    assert first.last_at == now
    assert len(first.series) == SLICES
    assert (first.series[0], first.series[-1], sum(first.series)) == (100, 3, 103)
    assert (second.api_id, second.calls, second.failures) == (quiet, 1, 0)
    assert (second.p50_ms, second.p95_ms) == (0.0, 0.0)

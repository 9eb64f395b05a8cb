"""Metrics over a real store."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from engine.errors import BadRequestError, PermissionDeniedError
from engine.metrics import DELETED, NO_API, Metrics, MetricsQuery
from engine.metrics_window import Kept
from engine.model import ApiDefinition, Caller, ExecutionRecord, Scope
from storage.database import Database, default_url
from storage.definitions import SqlDefinitionStore
from storage.executions import SqlExecutionStore
from storage.journal import FileJournal
from storage.migrations import migrate
from storage.rollup_reading import SqlRollupStore

NOW = datetime(2026, 3, 4, 12, 7, 30, tzinfo=UTC)
KEPT = Kept(minutes=timedelta(days=2), hours=timedelta(days=90))
ANA = Caller(subject="ana", tenant_id="acme", roles=frozenset({"viewer"}))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def database(tmp_path):
    url = default_url(tmp_path)
    migrate(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def journal(database, tmp_path):
    journal = FileJournal(tmp_path / "journal", SqlExecutionStore(database))
    yield journal
    journal.close()


@pytest.fixture
def metrics(database, journal):
    return Metrics(SqlRollupStore(database), journal, KEPT, clock=lambda: NOW)


@pytest.fixture
def call(journal):
    """Record an execution."""

    def record(**fields):
        defaults = {
            "id": uuid4(),
            "api_id": None,
            "api_name": "delays",
            "api_version": 1,
            "tenant_id": "acme",
            "executed_by": "ana",
            "source": "rest",
            "trace_id": "t",
            "status": "success",
            "duration_ms": 10.0,
            "response_status": 200,
            "created_at": NOW,
        }
        made = ExecutionRecord.model_validate(defaults | fields)
        journal.append(made)
        return made

    return record


@pytest.fixture
def api(database):
    """Create an API and return its id."""

    def create(name):
        made = ApiDefinition(
            id=uuid4(),
            tenant_id="acme",
            api_name=name,
            logic_type="sql",
            logic_body="SELECT 1",
            version=1,
            created_by="ana",
            created_at=NOW,
            updated_at=NOW,
        )
        return SqlDefinitionStore(database).create(made, note="").id

    return create


def test_a_call_is_counted_as_soon_as_it_is_recorded(metrics, call):
    call()

    report = metrics.report(MetricsQuery(), ANA)

    assert report.total.calls == 1
    assert report.series[-1].figures.calls == 1


def test_a_report_has_every_slice_and_their_total(metrics, call):
    for minutes, ms in ((0, 10.0), (0, 30.0), (5, 20.0), (59, 40.0), (60, 1.0), (61, 1.0)):
        call(created_at=NOW - minutes * MINUTE, duration_ms=ms)

    report = metrics.report(MetricsQuery(window=HOUR, step=MINUTE), ANA)

    assert len(report.series) == 60
    assert [point.figures.calls for point in report.series] == [1, *[0] * 53, 1, *[0] * 4, 2]
    assert (report.total.calls, report.total.p50_ms, report.total.max_ms) == (4, 20.0, 40.0)
    assert report.series[1].figures.p95_ms is None
    assert report.series[0].start == report.since


def test_rates_know_nothing_of_rejected_calls(metrics, call):
    call()
    call(status="fail", error_type="query_failed")
    call(status="rejected", error_type="params_invalid")

    total = metrics.report(MetricsQuery(), ANA).total

    assert (total.calls, total.success_rate, total.cache_hit_rate) == (3, 0.5, None)


def test_without_calls_nothing_is_told_of_rates(metrics):
    total = metrics.report(MetricsQuery(), ANA).total

    assert (total.calls, total.success_rate, total.p95_ms, total.mean_ms) == (0, None, None, None)


def test_one_api_can_be_asked_for(metrics, call, api):
    slow, quick = api("slow"), api("quick")
    call(api_id=slow, duration_ms=900.0)
    call(api_id=quick)

    report = metrics.report(MetricsQuery(api_id=slow), ANA)

    assert (report.total.calls, report.total.p50_ms) == (1, 900.0)


def test_calls_are_told_apart_by_api(metrics, call, api):
    busy, gone = api("busy"), uuid4()
    for _ in range(3):
        call(api_id=busy)
    call(api_id=gone)
    call(api_id=gone)
    call(status="rejected", error_type="not_found")

    groups = metrics.report(MetricsQuery(group_by="api"), ANA).groups

    assert [(each.label, each.api_id, each.total.calls) for each in groups] == [
        ("busy", busy, 3),
        (DELETED, gone, 2),
        (NO_API, None, 1),
    ]
    assert [point.figures.calls for point in groups[0].series] == [3]


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ("user", {"ana": 2, "bo": 1}),
        ("tenant", {"acme": 3}),
        ("version", {"busy · version 1": 2, "busy · version 2": 1}),
        ("status", {"success": 2, "fail": 1}),
        ("cause", {"query_failed": 1}),
        ("source", {"rest": 2, "ui": 1, "test": 1}),
    ],
)
def test_calls_are_told_apart_by(metrics, call, api, group_by, expected):
    busy = api("busy")
    call(api_id=busy)
    call(api_id=busy, executed_by="bo", api_version=2)
    call(api_id=busy, status="fail", error_type="query_failed", source="ui")
    call(api_id=busy, source="test", status="fail", error_type="query_failed")

    for query in (MetricsQuery(group_by=group_by), MetricsQuery(group_by=group_by, api_id=busy)):
        report = metrics.report(query, ANA)
        assert {each.label: each.total.calls for each in report.groups} == expected
        assert report.total.calls == 3


def test_errors_are_grouped_by_api_and_cause_with_their_newest_example(metrics, call, api):
    busy = api("busy")
    failure = {"api_id": busy, "status": "fail", "error_type": "query_failed"}
    call(**failure, created_at=NOW - 5 * MINUTE)
    newest = call(**failure, created_at=NOW - MINUTE)
    call(**failure, created_at=NOW - 2 * HOUR)
    unknown = call(status="rejected", error_type="not_found")

    first, second = metrics.errors(MetricsQuery(), ANA)

    assert (first.cause, first.api_name, first.calls) == ("query_failed", "busy", 2)
    assert (first.example_id, first.last_at) == (newest.id, newest.created_at)
    assert (second.cause, second.api_name, second.example_id) == ("not_found", NO_API, unknown.id)


def test_another_tenant_sees_nothing(metrics, call, api):
    busy = api("busy")
    call(api_id=busy, status="fail", error_type="query_failed")
    stranger = ANA.model_copy(update={"tenant_id": "other"})

    for query in (MetricsQuery(group_by="api"), MetricsQuery(api_id=busy, group_by="user")):
        report = metrics.report(query, stranger)
        assert (report.total.calls, report.groups) == (0, ())
        assert metrics.errors(query, stranger) == ()
    assert "busy" not in metrics.prometheus(stranger)


@pytest.mark.parametrize("ask", ["report", "errors"])
def test_who_may_not_read_the_log_may_not_read_metrics(metrics, ask):
    nobody = Caller(subject="n", tenant_id="acme", roles=frozenset())

    with pytest.raises(PermissionDeniedError):
        getattr(metrics, ask)(MetricsQuery(), nobody)
    with pytest.raises(PermissionDeniedError):
        metrics.prometheus(nobody)


def test_a_step_that_is_not_kept_that_long_is_refused(metrics):
    with pytest.raises(BadRequestError, match="reach back 2 days"):
        metrics.report(MetricsQuery(window=timedelta(days=3), step=5 * MINUTE), ANA)


def test_prometheus_gets_counters_histogram_and_gauges(metrics, call, api):
    odd = api("odd")
    old = {"api_id": odd, "created_at": NOW - timedelta(days=400)}
    call(**old, duration_ms=7.0)
    call(api_id=odd, duration_ms=40_000.0, status="timeout", error_type="timeout")
    call(api_id=odd, duration_ms=3.0, cached=True)
    call(api_id=uuid4())
    call(status="rejected", error_type="rate_limited")

    text = metrics.prometheus(ANA)

    lines = text.splitlines()
    assert "# TYPE api_execution_duration_ms histogram" in lines
    for expected in (
        'api_execution_count{api="odd",status="success"} 2',
        'api_execution_count{api="odd",status="timeout"} 1',
        'api_execution_duration_ms_bucket{api="odd",le="5"} 1',
        'api_execution_duration_ms_bucket{api="odd",le="10"} 2',
        'api_execution_duration_ms_bucket{api="odd",le="30000"} 2',
        'api_execution_duration_ms_bucket{api="odd",le="+Inf"} 3',
        'api_execution_duration_ms_sum{api="odd"} 40010.000',
        'api_execution_duration_ms_count{api="odd"} 3',
        'api_success_rate{api="odd"} 0.5',
        'api_cache_hit_rate{api="odd"} 1',
        f'api_rate_limited_count{{api="{NO_API}"}} 1',
        'api_circuit_breaker_trips{api="odd"} 0',
    ):
        assert expected in lines
    assert DELETED not in text
    assert text.endswith("\n")


def test_a_key_that_is_limited_to_some_apis_sees_those_alone(metrics, call, api):
    mine, other = api("mine-1"), api("other")
    call(api_id=mine)
    for _ in range(3):
        call(api_id=other, status="fail", error_type="query_failed", executed_by="bo")
    call(status="rejected", error_type="not_found")
    limited = ANA.model_copy(update={"scope": Scope(api_patterns=("mine-*",))})

    report = metrics.report(MetricsQuery(group_by="api"), limited)

    assert report.total.calls == 1
    assert [each.label for each in report.groups] == ["mine-1"]
    assert metrics.report(MetricsQuery(api_id=other), limited).total.calls == 0
    users = metrics.report(MetricsQuery(group_by="user"), limited).groups
    assert [each.value for each in users] == ["ana"]
    assert metrics.errors(MetricsQuery(), limited) == ()
    text = metrics.prometheus(limited)
    assert "mine-1" in text
    assert "other" not in text
    assert NO_API not in text

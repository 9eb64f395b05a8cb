import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from engine.errors import PermissionDeniedError, StoreUnavailableError
from engine.executor_monitoring import ExecutionLog, Monitor
from engine.log_format import JsonFormatter
from engine.model import Caller, ErrorInfo, ExecutionQuery, ExecutionResult, Step, TraceStage
from engine.ports import JournalStats
from storage.database import Database, default_url
from storage.executions import SqlExecutionStore
from storage.journal import FileJournal
from storage.migrations import migrate

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ANA = Caller(subject="ana", tenant_id="sales", roles=frozenset({"viewer"}))


class Entries:
    """A journal that keeps its records in a list."""

    def __init__(self):
        self.records = []

    def check_room(self):
        pass

    def stats(self):
        return JournalStats(pending=len(self.records))

    def append(self, record):
        self.records.append(record)

    def flush(self, timeout_s=5.0):
        pass

    def close(self):
        pass


class FullDisk(Entries):
    def append(self, record):
        raise StoreUnavailableError("no space left")


@pytest.fixture
def journal():
    return Entries()


@pytest.fixture
def record(journal):
    """A function that records a call and returns the entry."""
    monitor = Monitor(journal, max_logged_bytes=1_000)

    def make(result=None, **known):
        defaults: dict[str, Any] = {
            "api_name": "delays",
            "caller": ANA,
            "source": "rest",
            "created_at": NOON,
        }
        return monitor.record(result or outcome(), **defaults | known)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def services(request, tmp_path):
    """Monitor and log on the real journal and store."""
    is_sqlite = request.param == "sqlite"
    url = default_url(tmp_path) if is_sqlite else request.getfixturevalue("postgres_database")
    migrate(url)
    database = Database(url)
    executions = SqlExecutionStore(database)
    journal = FileJournal(tmp_path / "journal", executions)
    yield Monitor(journal, max_logged_bytes=1_000), ExecutionLog(executions, journal)
    journal.close()
    database.close()


def outcome(**fields) -> ExecutionResult:
    defaults: dict[str, Any] = {
        "execution_id": uuid4(),
        "status": "success",
        "data_json": b'{"rows":[]}',
        "duration_ms": 12.3456,
        "version": 2,
        "trace_id": "trace",
        "attempts": 1,
    }
    return ExecutionResult(**defaults | fields)


def failure(status="fail", **fields) -> ExecutionResult:
    error = ErrorInfo(
        type="query_failed",
        message="no column x",
        http_status=502,
        details={"line": 1},
        hint="name one",
    )
    return outcome(status=status, data_json=b"null", error=error, **fields)


def test_a_success_leaves_what_is_known_of_it(record, journal):
    api_id, parent = uuid4(), uuid4()
    result = outcome(
        row_count=3,
        cached=True,
        stale=True,
        age_s=0.0,
        circuit_breaker_state="half-open",
        warnings=("SELECT *",),
        usage={"memory_mb": 3},
        logs="printed",
        trace=(TraceStage(stage="auth", verdict="ok"),),
        steps=(Step(node_id="a", status="success"),),
    )

    entry = record(
        result, api_id=api_id, params={"a": 1}, input_payload=[1], parent_execution_id=parent
    )

    assert journal.records == [entry]
    assert (entry.id, entry.api_id, entry.parent_execution_id) == (
        result.execution_id,
        api_id,
        parent,
    )
    assert (entry.tenant_id, entry.executed_by, entry.source) == ("sales", "ana", "rest")
    assert (entry.status, entry.response_status, entry.error_type) == ("success", 200, None)
    assert (entry.request_params, entry.response_data) == ({"a": 1}, '{"rows":[]}')
    assert (entry.rows_affected, entry.cached, entry.circuit_breaker_state) == (
        3,
        True,
        "half-open",
    )
    assert entry.metadata.keys() == {
        "trace",
        "steps",
        "warnings",
        "usage",
        "logs",
        "stale",
        "age_s",
        "input_payload",
    }


def test_a_failure_leaves_its_error(record):
    entry = record(failure(), stacktrace="Traceback …")

    assert (entry.response_status, entry.error_type) == (502, "query_failed")
    assert (entry.error_message, entry.error_stacktrace) == ("no column x", "Traceback …")
    assert entry.metadata["error_details"] == {"line": 1}
    assert entry.metadata["hint"] == "name one"


def test_what_is_too_long_is_cut_and_marked(record):
    entry = record(
        outcome(data_json=b'"' + "é".encode() * 1_000 + b'"'),
        params={"body": "x" * 2_000},
        input_payload="y" * 2_000,
        stacktrace="frame\n" * 10_000 + "ValueError",
    )

    assert entry.response_truncated
    assert entry.metadata["request_truncated"]
    assert len((entry.response_data or "").encode()) <= 1_000
    assert len(orjson.dumps(entry.request_params)) <= 1_000
    assert len(orjson.dumps(entry.metadata["input_payload"])) <= 1_000
    assert len(entry.error_stacktrace or "") <= 10_240
    assert (entry.error_stacktrace or "").endswith("ValueError")


def test_a_short_answer_is_not_marked(record):
    entry = record(params={"a": "b"})

    assert not entry.response_truncated
    assert "request_truncated" not in entry.metadata


def test_no_text_can_fail_the_write(services):
    monitor, log = services
    bad = "a\0b\ud800c"
    error = ErrorInfo(type="query_failed", message=bad, http_status=502, details={bad: bad})
    result = outcome(
        status="fail", error=error, trace_id=bad, logs=bad, warnings=(bad,), usage={"x": 2**80}
    )

    monitor.record(
        result,
        api_name=bad,
        caller=ANA.model_copy(update={"subject": bad}),
        source="rest",
        created_at=NOON,
        params={bad: [bad]},
        input_payload=bad,
        stacktrace=bad,
    )

    stored = log.get(result.execution_id, ANA)
    good = "a\ufffdb\ufffdc"
    assert (stored.api_name, stored.executed_by, stored.trace_id) == (good, good, good)
    assert (stored.error_message, stored.error_stacktrace) == (good, good)
    assert stored.request_params == {good: [good]}
    assert stored.metadata["input_payload"] == good


def test_a_call_that_cannot_be_journaled_is_refused(caplog):
    monitor = Monitor(FullDisk(), max_logged_bytes=1_000)

    with caplog.at_level("INFO"), pytest.raises(StoreUnavailableError):
        monitor.record(outcome(), api_name="a", caller=ANA, source="rest", created_at=NOON)

    assert caplog.records == []


def test_the_log_line_has_the_agreed_fields(record, caplog):
    api_id = uuid4()

    with caplog.at_level("INFO"):
        entry = record(api_id=api_id)

    [line] = [orjson.loads(JsonFormatter().format(found)) for found in caplog.records]
    del line["timestamp"]
    assert line == {
        "level": "INFO",
        "logger": "engine.executor_monitoring",
        "message": "delays: success",
        "execution_id": str(entry.id),
        "api_id": str(api_id),
        "api_name": "delays",
        "status": "success",
        "duration_ms": 12.346,
        "cached": False,
        "attempts": 1,
        "circuit_breaker_state": "closed",
        "source": "rest",
        "error_type": None,
        "user_id": "ana",
        "tenant_id": "sales",
        "trace_id": "trace",
    }


@pytest.mark.parametrize(
    ("result", "changed", "level"),
    [
        (outcome(), False, logging.INFO),
        (outcome(attempts=0, cached=True), False, logging.INFO),
        (outcome(attempts=2), False, logging.WARNING),
        (failure("timeout"), False, logging.WARNING),
        (failure("rejected"), False, logging.WARNING),
        (failure(), False, logging.ERROR),
        (failure("timeout"), True, logging.ERROR),
        (outcome(), True, logging.ERROR),
    ],
)
def test_the_level_tells_how_serious_it_is(record, caplog, result, changed, level):
    with caplog.at_level("INFO"):
        record(result, breaker_changed=changed)

    assert [found.levelno for found in caplog.records] == [level]


def test_what_was_just_recorded_can_be_read(services):
    monitor, log = services
    api_id = uuid4()
    now = datetime.now(UTC)
    result = outcome()

    monitor.record(
        result, api_name="delays", api_id=api_id, caller=ANA, source="rest", created_at=now
    )

    assert [found.id for found in log.search(ExecutionQuery(), ANA).items] == [result.execution_id]
    assert log.get(result.execution_id, ANA).response_data == '{"rows":[]}'
    assert [usage.api_id for usage in log.summary(now - timedelta(hours=1), ANA)] == [api_id]


def test_a_caller_reads_the_log_of_its_own_tenant(services):
    monitor, log = services
    monitor.record(outcome(), api_name="delays", caller=ANA, source="rest", created_at=NOON)

    other = ANA.model_copy(update={"tenant_id": "other"})

    assert log.search(ExecutionQuery(), other).total == 0


def test_a_caller_without_a_role_reads_nothing(services):
    _, log = services
    nobody = ANA.model_copy(update={"roles": frozenset()})

    for read in (
        lambda: log.search(ExecutionQuery(), nobody),
        lambda: log.get(uuid4(), nobody),
        lambda: log.summary(NOON, nobody),
    ):
        with pytest.raises(PermissionDeniedError):
            read()

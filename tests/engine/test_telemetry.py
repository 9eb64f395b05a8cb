"""Traces and metrics as a collector gets them, over OTLP/HTTP on loopback."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from engine.bootstrap.telemetry import open_telemetry
from engine.call import ExecutionRequest
from engine.facade import Engine, local_caller
from engine.model import ExecutionRecord, TraceStage
from engine.settings import Settings
from engine.telemetry import Telemetry
from engine.trace_context import SpanParent, attempt_span_id, execution_span_id

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Collector:
    """What was sent, decoded."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.traces = ExportTraceServiceRequest()
        self.metrics = ExportMetricsServiceRequest()

    @property
    def spans(self):
        scopes = [scope for each in self.traces.resource_spans for scope in each.scope_spans]
        return {span.name: span for scope in scopes for span in scope.spans}

    @property
    def figures(self):
        scopes = [scope for each in self.metrics.resource_metrics for scope in each.scope_metrics]
        return {metric.name: metric for scope in scopes for metric in scope.metrics}


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Intake(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                received.traces.MergeFromString(body)
            else:
                received.metrics.MergeFromString(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Intake)
    received = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sent(collector):
    """A function that records executions and tells what reached the collector."""

    def send(*records, parent=None):
        telemetry = Telemetry(
            traces_url=f"{collector.url}/v1/traces", metrics_url=f"{collector.url}/v1/metrics"
        )
        for record in records:
            telemetry.record(record, parent)
        telemetry.close()
        return collector

    return send


def execution(**fields) -> ExecutionRecord:
    defaults = {
        "id": uuid4(),
        "api_id": UUID(int=1),
        "api_name": "delays",
        "api_version": 3,
        "tenant_id": "sales",
        "executed_by": "ana",
        "source": "rest",
        "trace_id": TRACE,
        "status": "success",
        "duration_ms": 12.5,
        "response_status": 200,
        "attempts": 1,
        "created_at": NOON,
    }
    return ExecutionRecord.model_validate(defaults | fields)


def stage(name, verdict="ok", duration_ms=1.0, **detail):
    made = TraceStage(stage=name, verdict=verdict, duration_ms=duration_ms, detail=detail)
    return made.model_dump()


def attributes(span):
    return {each.key: each.value for each in span.attributes}


def test_an_execution_is_a_span_below_its_callers(sent):
    record = execution()

    span = sent(record, parent=SpanParent(TRACE, CALLER, sampled=True)).spans["delays"]

    assert span.trace_id.hex() == TRACE
    assert span.span_id.hex() == execution_span_id(record.id)
    assert span.parent_span_id.hex() == CALLER
    assert span.end_time_unix_nano - span.start_time_unix_nano == 12_500_000
    assert attributes(span)["api.version"].int_value == 3
    assert attributes(span)["tenant.id"].string_value == "sales"


def test_attempts_and_nodes_are_children_and_errors_say_so(sent):
    parent = execution(
        status="fail",
        error_type="query_failed",
        error_message="no such table",
        response_status=502,
        metadata={
            "trace": [
                stage("auth", duration_ms=2),
                stage("attempt", "failed", 3, number=1, error="timeout", message="too slow"),
                stage("backoff", "waited", 4),
                stage("attempt", "ok", 5, number=2),
            ]
        },
    )
    node = execution(api_name="node", source="workflow", parent_execution_id=parent.id)

    spans = sent(node, parent).spans

    whole, first, second = (
        spans[name] for name in ("delays", "delays attempt 1", "delays attempt 2")
    )
    assert spans["node"].parent_span_id == whole.span_id == first.parent_span_id
    assert whole.parent_span_id == b""
    assert first.span_id.hex() == attempt_span_id(parent.id, 1)
    assert (whole.status.code, whole.status.message) == (2, "no such table")
    assert (first.status.code, first.status.message) == (2, "too slow")
    assert second.status.code == 0
    assert second.start_time_unix_nano - whole.start_time_unix_nano == 9_000_000
    assert second.end_time_unix_nano - second.start_time_unix_nano == 5_000_000


@pytest.mark.parametrize(("http_status", "is_error"), [(422, False), (429, False), (503, True)])
def test_what_the_caller_did_wrong_is_no_error_of_ours(sent, http_status, is_error):
    span = sent(execution(status="rejected", response_status=http_status)).spans["delays"]

    assert (span.status.code == 2) is is_error


def test_a_caller_that_does_not_record_its_trace_gets_no_spans_but_is_counted(sent):
    node = execution(api_name="node", parent_execution_id=uuid4())

    got = sent(execution(), node, parent=SpanParent(TRACE, CALLER, sampled=False))

    assert not got.spans
    assert "api_execution_count" in got.figures


def test_metrics_have_the_names_and_sums_of_the_prometheus_form(sent):
    figures = sent(
        execution(),
        execution(status="fail", attempts=3, metadata={"breaker_tripped": True}),
        execution(status="rejected", error_type="rate_limited", response_status=429),
        execution(cached=True),
        execution(source="test"),
    ).figures

    counts = figures["api_execution_count"].sum.data_points
    by_status = {attributes(each)["status"].string_value: each.as_int for each in counts}
    assert by_status == {"success": 2, "fail": 1, "rejected": 1}
    [durations] = figures["api_execution_duration_ms"].histogram.data_points
    assert (durations.count, durations.sum) == (3, 37.5)
    assert [p.as_int for p in figures["api_retry_count"].sum.data_points] == [2]
    assert [p.as_int for p in figures["api_circuit_breaker_trips"].sum.data_points] == [1]
    assert [p.as_int for p in figures["api_rate_limited_count"].sum.data_points] == [1]
    assert [p.as_double for p in figures["api_success_rate"].gauge.data_points] == [2 / 3]
    assert [p.as_double for p in figures["api_cache_hit_rate"].gauge.data_points] == [1.0]


def test_an_engine_with_a_collector_sends_its_calls(collector, tmp_path):
    settings = Settings.load(
        data_dir=tmp_path, sample_data=False, otlp_endpoint=collector.url, log_level="ERROR"
    )
    with Engine.open(settings) as engine:
        result = engine.run(
            ExecutionRequest(
                api="nowhere",
                trace_id=TRACE,
                span_parent=SpanParent(TRACE, CALLER, sampled=True),
            ),
            local_caller(),
        )

    span = collector.spans["nowhere"]
    assert span.span_id.hex() == execution_span_id(result.execution_id)
    assert span.parent_span_id.hex() == CALLER
    [resource] = {each.resource.SerializeToString() for each in collector.traces.resource_spans}
    assert b"api-engine" in resource


def test_a_collector_that_is_away_neither_fails_nor_delays_a_call(free_port):
    url = f"http://127.0.0.1:{free_port()}"
    telemetry = Telemetry(traces_url=f"{url}/v1/traces", metrics_url=f"{url}/v1/metrics")

    for _ in range(5_000):  # more than the queue holds
        telemetry.record(execution())

    telemetry.close()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"},
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
        },
    ],
)
def test_without_a_collector_there_is_nothing_to_tell(environment, tmp_path):
    with ExitStack() as opening:
        assert open_telemetry(Settings(data_dir=tmp_path), opening, environment) is None


def test_without_a_collector_the_sdk_is_not_even_imported(tmp_path):
    code = (
        "import sys; from pathlib import Path; from engine import Engine; "
        "from engine.settings import Settings; "
        "Engine.open(Settings(data_dir=Path(sys.argv[1]), sample_data=False)).close(); "
        "assert 'opentelemetry.sdk' not in sys.modules, 'imported'"
    )

    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, timeout=60)

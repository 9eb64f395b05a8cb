"""Tells an OpenTelemetry collector of executions: spans and metrics, over OTLP/HTTP.

Spans are made of log records, after the fact, so that the request path has nothing to carry about:
the span of an execution has the execution's id in it, and its children can name it before it ends.
Sampling, batching, resource and headers follow the standard `OTEL_*` variables.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode

from engine.model import ExecutionRecord
from engine.model.tally import BOUNDS_MS, Measure
from engine.trace_context import SpanParent, attempt_span_id, execution_span_id, w3c_trace_id

NAME = "api-engine"
CLOSE_S = 2.0
"""How long the last batch may take on its way; a collector that is away does not hold us up."""

NO_API = "(no such API)"


class Telemetry:
    """Traces and metrics of executions, each on its way or switched off.

    Nothing here blocks or fails a call: what is recorded goes into a bounded queue that a thread
    empties, and is dropped, which is logged, when the collector stays away.

    Args:
        traces_url, metrics_url: Where each is sent; None leaves it to the `OTEL_*` variables.
        traces, metrics: Whether to send them at all.
    """

    def __init__(
        self,
        *,
        traces_url: str | None = None,
        metrics_url: str | None = None,
        traces: bool = True,
        metrics: bool = True,
    ) -> None:
        resource = _resource()
        self._spans = Spans(resource, traces_url) if traces else None
        self._figures = Figures(resource, metrics_url) if metrics else None

    def record(self, record: ExecutionRecord, parent: SpanParent | None = None) -> None:
        """Tell of an execution; `parent` is the span of the caller outside, if it named one."""
        if self._spans is not None:
            self._spans.add(record, parent)
        if self._figures is not None:
            self._figures.add(record)

    def close(self) -> None:
        """Send what is left, within `CLOSE_S`."""
        ending = threading.Thread(target=self._end, name="telemetry-close", daemon=True)
        ending.start()
        ending.join(CLOSE_S)

    def _end(self) -> None:
        for part in (self._spans, self._figures):
            if part is not None:
                part.end()


class Spans:
    """One span an execution, below it one for each attempt."""

    def __init__(self, resource: Resource, url: str | None) -> None:
        self._ids = _KnownIds()
        self._provider = TracerProvider(
            resource=resource, id_generator=self._ids, shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
        self._tracer = self._provider.get_tracer(NAME)
        self.end: Callable[[], None] = self._provider.shutdown

    def add(self, record: ExecutionRecord, parent: SpanParent | None) -> None:
        """Export the spans of an execution, where its trace is sampled."""
        trace_id = w3c_trace_id(record.trace_id)
        self._ids.next(trace_id, execution_span_id(record.id))
        begin_ns = _ns(record)
        span = self._tracer.start_span(
            record.api_name,
            context=self._above(record, parent, trace_id),
            kind=SpanKind.SERVER if record.source == "rest" else SpanKind.INTERNAL,
            attributes=_attributes(record),
            start_time=begin_ns,
        )
        if span.is_recording():
            if _is_error(record):
                span.set_status(Status(StatusCode.ERROR, record.error_message))
            self._add_attempts(record, trace.set_span_in_context(span), trace_id, begin_ns)
        span.end(begin_ns + int(record.duration_ms * 1e6))

    def _above(self, record: ExecutionRecord, parent: SpanParent | None, trace_id: str) -> Context:
        """The context of the span above: of the surrounding execution, else of the caller.

        A child execution ends before the one it belongs to, so whether the trace is sampled is
        asked of the sampler, which decides by the trace id, unless the caller has said.
        """
        if record.parent_execution_id is None and parent is None:
            return Context()
        above = (
            execution_span_id(record.parent_execution_id)
            if record.parent_execution_id
            else parent.span_id
            if parent
            else ""
        )
        sampled = parent.sampled if parent else self._is_sampled(int(trace_id, 16))
        context = SpanContext(
            int(trace_id, 16),
            int(above, 16),
            is_remote=record.parent_execution_id is None,
            trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED if sampled else 0),
        )
        return trace.set_span_in_context(NonRecordingSpan(context), Context())

    def _is_sampled(self, trace_id: int) -> bool:
        decided = self._provider.sampler.should_sample(Context(), trace_id, "").decision
        return decided is Decision.RECORD_AND_SAMPLE

    def _add_attempts(
        self, record: ExecutionRecord, above: Context, trace_id: str, begin_ns: int
    ) -> None:
        for stage, start_ms in _attempts(record):
            number = int(stage["detail"].get("number", 0))
            self._ids.next(trace_id, attempt_span_id(record.id, number))
            start_ns = begin_ns + int(start_ms * 1e6)
            span = self._tracer.start_span(
                f"{record.api_name} attempt {number}",
                context=above,
                kind=SpanKind.CLIENT,
                attributes={"api.attempt": number},
                start_time=start_ns,
            )
            if stage["verdict"] == "failed":
                span.set_attribute("error.type", str(stage["detail"].get("error")))
                span.set_status(Status(StatusCode.ERROR, str(stage["detail"].get("message"))))
            span.end(start_ns + int(stage["duration_ms"] * 1e6))


class Figures:
    """The metrics of `docs/metrics.md` as this process sees them, by API."""

    def __init__(self, resource: Resource, url: str | None) -> None:
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=url))
        bounds = View(
            instrument_name="api_execution_duration_ms",
            aggregation=ExplicitBucketHistogramAggregation(BOUNDS_MS),
        )
        self._provider = MeterProvider(
            [reader], resource=resource, views=[bounds], shutdown_on_exit=False
        )
        meter = self._provider.get_meter(NAME)
        self._count = meter.create_counter("api_execution_count")
        self._duration = meter.create_histogram("api_execution_duration_ms", unit="ms")
        self._trips = meter.create_counter("api_circuit_breaker_trips")
        self._limited = meter.create_counter("api_rate_limited_count")
        self._retries = meter.create_counter("api_retry_count")
        self._succeeded, self._hits = _Shares(), _Shares()
        meter.create_observable_gauge("api_success_rate", [self._succeeded.observe])
        meter.create_observable_gauge("api_cache_hit_rate", [self._hits.observe])
        self.end: Callable[[], None] = self._provider.shutdown

    def add(self, record: ExecutionRecord) -> None:
        """Count an execution; test runs are left out."""
        if record.source == "test":
            return
        one = Measure.of(record)
        api = record.api_name if record.api_id else NO_API
        labels = {"api": api}
        self._count.add(1, {"api": api, "status": record.status})
        if one.duration_ms is not None:
            self._duration.record(one.duration_ms, labels)
            self._succeeded.add(api, hit=record.status == "success")
        if one.looked_up:
            self._hits.add(api, hit=one.cached)
        for counter, count in (
            (self._trips, one.tripped),
            (self._limited, one.limited),
            (self._retries, one.retries),
        ):
            if count:
                counter.add(int(count), labels)


class _Shares:
    """By API, the share of what has happened since the share was last asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])

    def add(self, api: str, *, hit: bool) -> None:
        with self._lock:
            counts = self._counts[api]
            counts[0] += hit
            counts[1] += 1

    def observe(self, _: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            counts = dict(self._counts)
            self._counts.clear()
        return [Observation(hits / all_, {"api": api}) for api, (hits, all_) in counts.items()]


class _KnownIds(RandomIdGenerator):
    """Gives the next span of a thread the ids that it was told."""

    def __init__(self) -> None:
        self._told = threading.local()

    def next(self, trace_id: str, span_id: str) -> None:
        self._told.trace_id, self._told.span_id = int(trace_id, 16), int(span_id, 16)

    def generate_trace_id(self) -> int:
        told: int = self._told.trace_id
        return told

    def generate_span_id(self) -> int:
        told: int = self._told.span_id
        return told


def _resource() -> Resource:
    """Who sends: what `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, else our name."""
    found = Resource.create()
    is_named = not str(found.attributes.get(SERVICE_NAME, "")).startswith("unknown_service")
    return found if is_named else found.merge(Resource({SERVICE_NAME: NAME}))


def _ns(record: ExecutionRecord) -> int:
    return int(record.created_at.timestamp() * 1e6) * 1000


def _attributes(record: ExecutionRecord) -> dict[str, str | int | bool]:
    known: dict[str, str | int | bool | None] = {
        "api.name": record.api_name,
        "api.id": str(record.api_id) if record.api_id else None,
        "api.version": record.api_version,
        "api.source": record.source,
        "api.status": record.status,
        "api.attempts": record.attempts,
        "api.cached": record.cached,
        "api.circuit_breaker_state": record.circuit_breaker_state,
        "api.execution_id": str(record.id),
        "tenant.id": record.tenant_id,
        "enduser.id": record.executed_by,
        "error.type": record.error_type,
        "http.response.status_code": record.response_status,
    }
    return {name: value for name, value in known.items() if value is not None}


def _is_error(record: ExecutionRecord) -> bool:
    """Whether it is the server's failure: what the caller did wrong is none, as in HTTP spans.

    OpenTelemetry's semantic conventions for HTTP leave the status of a server's span unset for 4xx.
    """
    return record.status in {"fail", "timeout"} or record.response_status >= 500


def _attempts(record: ExecutionRecord) -> Iterator[tuple[dict[str, Any], float]]:
    """The attempts of the policy trace, each with the milliseconds before it.

    A stage lasts from the one before it.
    """
    passed = 0.0
    for stage in record.metadata.get("trace") or ():
        if stage["stage"] == "attempt":
            yield stage, passed
        passed += stage["duration_ms"]

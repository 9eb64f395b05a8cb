"""One call on its way through the pipeline: what was asked, and what is known so far."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from engine.cancellation import Cancellation
from engine.compilation import CompiledApi
from engine.deadline import Deadline
from engine.model import ApiDefinition, Caller, ExecutionSource, Payload
from engine.model.execution import BreakerStateName
from engine.ports import Params, WorkflowRunOptions
from engine.trace import TraceRecorder
from engine.trace_context import SpanParent

_EXECUTIONS = UUID("8d2f4a86-5b0e-4e0e-9a51-0b6b6f1c9c3e")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRequest:
    """What a door asks of the pipeline.

    Attributes:
        api: Name or id of a published API, or a definition to test as it stands, which who runs
            it often has compiled once.
        query: Parameters as the pairs of a query string, besides those in `params`.
        span_parent: The span of a caller outside, in the same trace.
        request_id: By which that caller finds its request again, also where the call leads to.
        test: Run without cache, limits and breaker, logged with source `test`.
        lab: A test run under every policy, for a pipeline over throw-away state; only with `test`.
        refresh: Load a cached answer anew: no look-up, no limits, but the answer is stored.
        version: Run this version instead of the live one.
        deadline: The time budget inherited from a surrounding call, with its cancellation.
        cancellation: By which the call can be stopped while it runs.
        max_retries: Instead of the policy's, for this call only.
        max_rows, timeout_s: Narrower bounds than the policy's, for this call only.
        workflow: Run a workflow in part or durably, past the cache.
        job_timeout_s: Instead of the policy's timeout: a job may take longer than a caller waits.
        stream: The answer may be one in a file, if it is large; what then stops it while it is
            made. Without it an answer is held, and cut at fewer rows.
        idempotency_key: The same whenever this same work is begun again; the execution's id
            follows from it, so that the log has it once.
    """

    api: str | ApiDefinition | CompiledApi
    params: Params = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    input_payload: Any = None
    source: ExecutionSource = "notebook"
    trace_id: str | None = None
    span_parent: SpanParent | None = None
    request_id: str | None = None
    parent_execution_id: UUID | None = None
    deadline: Deadline | None = None
    cancellation: Cancellation | None = None
    depth: int = 0
    test: bool = False
    lab: bool = False
    refresh: bool = False
    want_trace: bool = False
    version: int | None = None
    max_retries: int | None = None
    max_rows: int | None = None
    timeout_s: float | None = None
    workflow: WorkflowRunOptions | None = None
    job_timeout_s: float | None = None
    stream: Cancellation | None = None
    idempotency_key: str | None = None

    @property
    def api_name(self) -> str:
        """The API's name or id as the caller gave it."""
        if isinstance(self.api, CompiledApi):
            return self.api.definition.api_name
        return self.api.api_name if isinstance(self.api, ApiDefinition) else self.api

    @property
    def sent(self) -> Params:
        """Every parameter as it came, for the log of a call whose parameters do not fit."""
        return {**dict(self.query), **self.params}


def execution_id_of(idempotency_key: str) -> UUID:
    """The one execution of what may be begun several times under this key."""
    return uuid5(_EXECUTIONS, idempotency_key)


@dataclass(slots=True)
class Call:
    """The state of one call; owned by the thread that executes it."""

    request: ExecutionRequest
    caller: Caller
    execution_id: UUID = field(default_factory=uuid4)
    trace: TraceRecorder = field(default_factory=TraceRecorder)
    started: float = field(default_factory=time.perf_counter)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    trace_id: str = ""
    api: CompiledApi | None = None
    logged_params: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    breaker_state: BreakerStateName = "closed"
    breaker_changed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trace_id = self.request.trace_id or uuid4().hex
        if self.request.idempotency_key is not None:
            self.execution_id = execution_id_of(self.request.idempotency_key)

    def elapsed_ms(self) -> float:
        """Milliseconds since the call entered the pipeline."""
        return (time.perf_counter() - self.started) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call is answered with, and where it came from; `age_s` is a cached answer's age."""

    payload: Payload
    cached: bool = False
    stale: bool = False
    age_s: float | None = None

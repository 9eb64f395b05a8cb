"""What one call is and leaves behind: payload, result, trace, log record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

from engine.model.tabular import arrow_of, frame_of, html_of, rows_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from engine.model.large_answer import LargeAnswer

ExecutionStatus = Literal["success", "fail", "timeout", "rejected"]
ExecutionSource = Literal["ui", "rest", "notebook", "workflow", "cep", "screen", "tool", "test"]
BreakerStateName = Literal["closed", "open", "half-open"]
StepStatus = Literal["success", "failed", "skipped", "handled"]
TraceVerdict = Literal["ok", "refused", "skipped", "hit", "miss", "stale", "failed", "waited"]


COUNTED = 10_000
"""How far the matches of a search of the log are counted: more would take longer than to look."""


class Column(BaseModel):
    """A column of a tabular answer; `type` is the target's own name for it (`DECIMAL(18,2)`)."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str


class Step(BaseModel):
    """What one workflow node did; `started_ms` counts from the start of the workflow."""

    model_config = ConfigDict(frozen=True)

    node_id: str
    status: StepStatus
    execution_id: UUID | None = None
    started_ms: float = 0
    duration_ms: float = 0
    attempts: int = 0
    row_count: int | None = None
    error: ErrorInfo | None = None
    note: str = ""


class ErrorInfo(BaseModel):
    """An `EngineError` as a value, fit for a caller: no stack trace, no secret."""

    model_config = ConfigDict(frozen=True)

    type: str
    message: str
    http_status: int
    details: Mapping[str, Any] = Field(default_factory=dict)
    hint: str | None = None
    retry_after_s: float | None = None


class TraceStage(BaseModel):
    """One stage of the policy trace: what was decided, in how long, and why."""

    model_config = ConfigDict(frozen=True)

    stage: str
    verdict: TraceVerdict
    duration_ms: float = 0
    detail: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What an executor returns: the answer, encoded to JSON once, and what is known about it.

    With `large` the answer is there, and `json` is null.
    """

    json: bytes
    row_count: int | None = None
    truncated: bool = False
    columns: tuple[Column, ...] | None = None
    steps: tuple[Step, ...] = ()
    logs: str = ""
    warnings: tuple[str, ...] = ()
    usage: Mapping[str, Any] = field(default_factory=dict)
    response_status: int | None = None
    large: LargeAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResult:
    """The one outcome of one call, the same through every door.

    `large` is the answer where it is too large for memory, for a door that asked for a stream;
    `data_json` is null then.
    """

    execution_id: UUID
    status: ExecutionStatus
    data_json: bytes
    duration_ms: float
    version: int
    trace_id: str
    error: ErrorInfo | None = None
    attempts: int = 0
    cached: bool = False
    stale: bool = False
    age_s: float | None = None
    circuit_breaker_state: BreakerStateName = "closed"
    row_count: int | None = None
    truncated: bool = False
    steps: tuple[Step, ...] = ()
    logs: str = ""
    warnings: tuple[str, ...] = ()
    usage: Mapping[str, Any] = field(default_factory=dict)
    trace: tuple[TraceStage, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    large: LargeAnswer | None = None

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return self.status == "success"

    @property
    def data(self) -> Any:
        """The answer, decoded."""
        return orjson.loads(self.data_json)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a tabular answer; empty when the answer is not a table."""
        return rows_of(self.data_json)

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table, each column in its exact type."""
        return arrow_of(self.data_json)

    def df(self) -> pd.DataFrame:
        """The rows as a pandas DataFrame, through Arrow."""
        return frame_of(self.data_json)

    def _repr_html_(self) -> str:
        return html_of(self.data_json)


class ExecutionRecord(BaseModel):
    """One row of the execution log."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    api_id: UUID | None
    api_name: str
    api_version: int
    tenant_id: str
    executed_by: str
    source: ExecutionSource
    parent_execution_id: UUID | None = None
    trace_id: str
    status: ExecutionStatus
    duration_ms: float
    request_params: Mapping[str, Any] = Field(default_factory=dict)
    response_data: str | None = None
    response_truncated: bool = False
    response_status: int
    error_type: str | None = None
    error_message: str | None = None
    error_stacktrace: str | None = None
    rows_affected: int | None = None
    cached: bool = False
    attempts: int = 0
    circuit_breaker_state: BreakerStateName = "closed"
    metadata: Mapping[str, Any] = Field(default_factory=dict)
    created_at: datetime


class LogPosition(NamedTuple):
    """Where a page of the log ends: after which execution the next one begins."""

    created_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.created_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z{self.id.hex}"

    @classmethod
    def read(cls, text: str) -> LogPosition:
        """What `str` gave; raises ValueError for anything else."""
        moment, found, execution_id = text.partition("Z")
        if not found:
            raise ValueError("this is no position in the log; take `next` of the page before")
        return cls(
            datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), UUID(execution_id)
        )


class ExecutionQuery(BaseModel):
    """Filters and paging of the execution log, newest first.

    Attributes:
        without_tests: Leave out test runs.
        params: Parameters that a call was made with, by name, as text: `"20"` finds 20 and "20".
        after: Begin behind this execution; quick however deep in the log, unlike `offset`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_id: UUID | None = None
    api_version: int | None = None
    error_type: str | None = None
    cached: bool | None = None
    without_tests: bool = False
    min_duration_ms: float | None = None
    max_duration_ms: float | None = None
    params: Mapping[str, str] = Field(default_factory=dict)
    after: LogPosition | None = None
    status: ExecutionStatus | None = None
    source: ExecutionSource | None = None
    executed_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    error_contains: str | None = None
    parent_execution_id: UUID | None = None
    trace_id: str | None = None
    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class ExecutionPage(BaseModel):
    """One page of the execution log.

    Attributes:
        total: How many match, counted up to `COUNTED`.
        more: There are more than that.
        next: Where the page after this one begins; None at the end.
    """

    model_config = ConfigDict(frozen=True)

    items: tuple[ExecutionRecord, ...]
    total: int
    more: bool
    next: LogPosition | None
    limit: int
    offset: int


Step.model_rebuild()

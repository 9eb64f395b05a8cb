"""Jobs: executions that nobody waits for, kept until they have ended whatever happens."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from engine.model.definition import LogicType
from engine.model.execution import ErrorInfo, ExecutionSource
from engine.model.policy import RateText

JobStatus = Literal["queued", "running", "success", "fail", "timeout", "rejected", "cancelled"]
NodeState = Literal["waiting", "running", "success", "failed", "skipped", "handled"]
ENDED: frozenset[JobStatus] = frozenset({"success", "fail", "timeout", "rejected", "cancelled"})
PRIORITIES = (1, 100)
"""The first and the last in line; who says nothing stands in the middle."""
USUAL_PRIORITY = 50


class QueueRules(BaseModel):
    """What a queue lets through.

    Attributes:
        concurrency: Jobs that one worker runs at once.
        total_concurrency: Jobs at once over all workers.
        tenant_concurrency: Jobs of one tenant at once over all workers.
        rate: At most so many jobs begun in any such period, over all workers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=8, ge=1, le=256)
    total_concurrency: int | None = Field(default=None, ge=1)
    tenant_concurrency: int | None = Field(default=None, ge=1)
    rate: RateText | None = None


class NodeProgress(BaseModel):
    """How one node of a job gets on; `pinned` data was given, so the node is not run."""

    model_config = ConfigDict(frozen=True)

    node_id: str
    state: NodeState
    duration_ms: float = 0
    attempts: int = 0
    row_count: int | None = None
    execution_id: UUID | None = None
    message: str = ""
    pinned: bool = False


class Job(BaseModel):
    """A job as its owner sees it; the answer is read apart.

    Attributes:
        runs: How often a worker has begun it; more than once when a worker was lost.
        execution_id: The one execution in the log.
        retry_of: The failed job whose finished nodes this one takes over.
        nodes: Progress by node, in listed order; empty for what is no workflow.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    tenant_id: str
    api_id: UUID
    api_name: str
    api_version: int
    logic_type: LogicType
    queue: str
    priority: int
    status: JobStatus
    created_by: str
    source: ExecutionSource
    trace_id: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    worker: str | None = None
    runs: int = 0
    cancel_requested: bool = False
    retry_of: UUID | None = None
    execution_id: UUID
    row_count: int | None = None
    error: ErrorInfo | None = None
    nodes: tuple[NodeProgress, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED

    @property
    def done_share(self) -> float:
        """The share of nodes that have ended, from 0 to 1."""
        if self.has_ended or not self.nodes:
            return 1.0 if self.has_ended else 0.0
        ended = sum(node.state not in {"waiting", "running"} for node in self.nodes)
        return ended / len(self.nodes)


class JobQuery(BaseModel):
    """Filters and paging of jobs, newest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_id: UUID | None = None
    status: JobStatus | None = None
    queue: str | None = None
    created_by: str | None = None
    limit: int = Field(default=20, ge=1, le=500)
    offset: int = Field(default=0, ge=0)


class JobWorker(BaseModel):
    """A process that runs jobs, as it was last heard of."""

    model_config = ConfigDict(frozen=True)

    id: str
    host: str
    pid: int
    queues: tuple[str, ...]
    started_at: datetime
    seen_at: datetime


class JobOutcome(BaseModel):
    """How a job ended."""

    model_config = ConfigDict(frozen=True)

    status: JobStatus
    row_count: int | None = None
    error: ErrorInfo | None = None
    answer: bytes | None = None


class JobWork(BaseModel):
    """What a job is to do, kept encrypted: it holds parameters as they were sent."""

    model_config = ConfigDict(frozen=True)

    caller: Mapping[str, Any]
    params: Mapping[str, Any] = Field(default_factory=dict)
    input_payload: Any = None
    timeout_s: float
    pinned: Mapping[str, Any] = Field(default_factory=dict)

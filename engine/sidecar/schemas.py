"""The bodies that callers send, and the shapes of answers as OpenAPI documents them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SkipValidation

from engine.lineage import Use
from engine.lineage_graph import LineageGraph
from engine.model import (
    Column,
    ExecutionSource,
    ExecutionStatus,
    Issue,
    LogicType,
    ParamSpec,
    RuntimePolicy,
    Step,
    TraceStage,
)
from engine.model.execution import BreakerStateName
from engine.ports import Dialect

T = TypeVar("T")
REQUIRED: list[JsonValue] = ["api_name", "logic_type", "logic_body"]


# --- bodies ----------------------------------------------------------------------------------


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DefinitionFields(BaseModel):
    """The fields of a definition that an author writes.

    OpenAPI describes them; the engine judges them, which finds every mistake at once and points at
    its place. So nothing is refused here, unknown names included.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    api_name: SkipValidation[str] = Field(default="", examples=["delays-by-carrier"])
    logic_type: SkipValidation[LogicType | Literal["python"]] = "sql"
    logic_body: SkipValidation[str | Mapping[str, Any]] = Field(
        default="", description="SQL, Python source, or a JSON specification as text or object."
    )
    connection: SkipValidation[str | None] = Field(
        default=None, description="The target of an `sql` API."
    )
    param_schema: SkipValidation[Mapping[str, ParamSpec]] = Field(default_factory=dict)
    runtime_policy: SkipValidation[RuntimePolicy] = Field(default_factory=RuntimePolicy)
    description: SkipValidation[str] = ""
    tags: SkipValidation[list[str]] = Field(default_factory=list)

    def sent(self) -> dict[str, Any]:
        """The authored fields that were sent, as they were sent."""
        kept = self.model_fields_set - set(Publication.model_fields)
        return {name: getattr(self, name) for name in kept}

    def complete(self) -> dict[str, Any]:
        """Every authored field: what was not sent goes back to its default."""
        defaults: dict[str, Any] = {
            "connection": None,
            "param_schema": {},
            "runtime_policy": {},
            "description": "",
            "tags": [],
        }
        return {**defaults, **self.sent()}


class Publication(BaseModel):
    """How a change is published."""

    publish: bool = Field(default=True, description="False keeps the change as a draft.")
    change_note: str = Field(default="", max_length=1000, description="Kept with the version.")
    accept_changes: bool = Field(
        default=False, description="Publish although the gate blocks what differs: it is meant."
    )


class DefinitionChange(DefinitionFields, Publication):
    """Fields to replace, each as a whole; fields that are not sent stay as they are."""


class WholeDefinition(DefinitionFields, Publication):
    """A whole definition; optional fields that are not sent take their defaults."""

    model_config = ConfigDict(json_schema_extra={"required": REQUIRED})


class UnsavedDefinition(DefinitionFields):
    """A definition that is not saved yet; its name may be missing."""

    model_config = ConfigDict(json_schema_extra={"required": REQUIRED[1:]})


class ExecuteBody(_Body):
    """The parameters of a call, and for scripts and workflows its input."""

    params: dict[str, Any] = Field(default_factory=dict, examples=[{"origin": "JFK"}])
    input_payload: Any = None


class UnsavedCall(ExecuteBody):
    """A call of a definition that is not saved yet."""

    definition: UnsavedDefinition


class ToggleBody(_Body):
    """The state wanted; without one the API is switched over.

    An API that others use is switched off only with `even_if_used`.
    """

    is_active: bool | None = None
    even_if_used: bool = False


class RollbackBody(_Body):
    """Why an old version comes back."""

    change_note: str = Field(default="", max_length=1000)


class SqlCheckBody(_Body):
    """A statement to check, against a connection or for a dialect alone."""

    sql: str
    connection: str | None = None
    dialect: Dialect | None = None


# --- answers ---------------------------------------------------------------------------------


class Envelope(BaseModel, Generic[T]):
    """What every success looks like."""

    time: datetime
    code: Literal[0] = 0
    message: Literal["OK"] = "OK"
    data: T


class ErrorShape(BaseModel):
    """What was wrong; `type` is one of the public error codes."""

    type: str = Field(examples=["params_invalid"])
    message: str
    details: dict[str, Any]
    hint: str | None


class ErrorData(BaseModel):
    """The data of a failure; a failed call has the fields of its execution beside the error."""

    model_config = ConfigDict(extra="allow")

    error: ErrorShape


class ErrorEnvelope(BaseModel):
    """What every failure looks like; `code` is the HTTP status."""

    time: datetime
    code: int = Field(examples=[422])
    message: str
    data: ErrorData


class ExecutionView(BaseModel):
    """The outcome of a call. `stale` and `age_s` come with a cached answer."""

    status: ExecutionStatus
    data: Any
    duration_ms: float
    circuit_breaker_state: BreakerStateName
    cached: bool
    execution_id: UUID
    attempts: int
    version: int
    trace_id: str
    stale: bool = False
    age_s: float | None = None
    steps: list[Step] = Field(default_factory=list)
    logs: str = ""
    warnings: list[str] = Field(default_factory=list)
    usage: dict[str, Any] = Field(default_factory=dict)
    trace: list[TraceStage] = Field(default_factory=list)


class CheckView(BaseModel):
    """What checking found."""

    valid: bool
    issues: list[Issue]
    params: dict[str, ParamSpec]
    tables: list[str]
    columns: list[Column] | None


class WhereUsedView(BaseModel):
    """What uses an API, and the graph around it."""

    uses: tuple[Use, ...]
    keys: tuple[str, ...] = Field(
        default=(), description="Keys limited to some APIs, this one among them; for admins."
    )
    hidden: int
    graph: LineageGraph


class LeafView(BaseModel):
    """One value that differs."""

    path: str
    before: Any = Field(alias="from")
    after: Any = Field(alias="to")


class NamedDiffView(BaseModel):
    """What was added, removed or changed, by name."""

    added: list[str]
    removed: list[str]
    changed: dict[str, list[LeafView]]


class NodesDiffView(NamedDiffView):
    """The nodes of a workflow, its edges, and what else it says."""

    edges_added: list[str]
    edges_removed: list[str]
    settings: list[LeafView]


class DiffView(BaseModel):
    """How one version differs from another; the body as a unified diff, a workflow by node."""

    from_version: int
    to_version: int
    changed: dict[str, Any]
    logic_body_diff: str
    params: NamedDiffView
    policy: list[LeafView]
    nodes: NodesDiffView | None


class LogEntry(BaseModel):
    """One row of the execution log."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    api_id: UUID | None
    api_name: str
    api_version: int
    executed_by: str
    source: ExecutionSource
    trace_id: str
    status: ExecutionStatus
    duration_ms: float
    request_params: dict[str, Any]
    response_truncated: bool
    response_status: int
    error_type: str | None
    error_message: str | None
    cached: bool
    attempts: int
    circuit_breaker_state: BreakerStateName
    metadata: dict[str, Any]
    created_at: datetime


class LogPage(BaseModel):
    """One page of the execution log."""

    items: list[LogEntry]
    total: int = Field(description="How many match, counted up to 10,000.")
    more: bool = Field(description="Whether there are more than that.")
    next: str | None = Field(description="`after` of the next page; null at the end.")
    limit: int
    offset: int


class FiguresView(BaseModel):
    """What calls come to; what cannot be told without calls is null."""

    calls: int
    success: int
    fail: int
    timeout: int
    rejected: int
    success_rate: float | None = Field(description="Of the calls that were not rejected.")
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    mean_ms: float | None
    min_ms: float | None
    max_ms: float | None
    cached: int
    cache_lookups: int
    cache_hit_rate: float | None
    retries: int
    breaker_trips: int
    rate_limited: int


class PointView(FiguresView):
    """One slice of time."""

    start: datetime


class GroupView(FiguresView):
    """Calls that have a value in common; `series` has the slices in which there were any."""

    value: str
    label: str
    api_id: UUID | None
    series: list[PointView]


class ErrorGroupView(BaseModel):
    """Calls of one API that ended with the same error, and the newest of them."""

    cause: str
    api_id: UUID | None
    api_name: str
    calls: int
    last_at: datetime | None
    example_id: UUID | None


class ObjectiveView(BaseModel):
    """How one objective is kept; what cannot be told without calls is null."""

    objective: Literal["availability", "latency"]
    target: float = Field(description="The share of calls that has to be good.")
    limit_ms: float | None
    calls: int
    good_share: float | None
    budget_left: float | None = Field(description="A share of the budget; negative: overspent.")
    burn_rate: float | None = Field(description="Of the last hour; above 1 it will not last.")


class SloView(BaseModel):
    """How an API keeps its objectives over the days up to now."""

    api_id: UUID
    api_name: str
    window_days: int
    objectives: list[ObjectiveView]


class ReleaseView(BaseModel):
    """A version published in the window, with the figures before it and its own."""

    version: int
    at: datetime
    change_note: str
    before: FiguresView | None
    after: FiguresView | None


class MetricsView(BaseModel):
    """Metrics of a window: `since` is in it, `until` is not."""

    since: datetime
    until: datetime
    step_s: int
    group_by: str | None
    total: FiguresView
    series: list[PointView]
    groups: list[GroupView]
    errors: list[ErrorGroupView]
    releases: list[ReleaseView]


class LogView(LogEntry):
    """One execution with its answer, which is a text where it was cut."""

    response_data: Any

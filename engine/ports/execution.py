"""What runs an API: the executors, what they compile, and what an attempt may know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from engine.deadline import Deadline
from engine.model import (
    ApiDefinition,
    Caller,
    Column,
    ExecutionResult,
    ExecutionSource,
    Issue,
    LogicType,
    Payload,
    RuntimePolicy,
    Step,
)
from engine.ports.answers import AnswerSink
from engine.trace_context import attempt_span_id, traceparent

Params = Mapping[str, Any]
ReadMappings = Callable[[Params, Any], Mapping[str, Any]]
"""The value of `mappings` in templates, for the parameters and the input of a call."""


def no_mappings(params: Params, input_payload: Any) -> Mapping[str, Any]:  # noqa: ARG001 - the type's
    """Of a definition that reads none."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What every compiled definition tells the pipeline; each executor extends it.

    Attributes:
        warnings: Advice found while compiling; errors have been raised.
        tables: Names of the tables read (`schema.table` or `table`), for cache tags and lineage.
        columns: Columns of the answer, where compiling can tell.
        repeatable: Whether a failed attempt may be run again without harm.
        calls: Names or ids of the APIs this one calls.
    """

    warnings: tuple[Issue, ...] = ()
    tables: tuple[str, ...] = ()
    columns: tuple[Column, ...] | None = None
    repeatable: bool = True
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NestedCall:
    """A call that one execution makes of another API, under the same caller and deadline."""

    api: str
    params: Params
    input_payload: Any = None
    timeout_s: float | None = None
    max_retries: int | None = None
    max_rows: int | None = None
    idempotency_key: str | None = None


class Checkpoints(Protocol):
    """Keeps how the nodes of a durable run ended, so that another process can go on from there."""

    def begin(self, names: Sequence[str]) -> None:
        """Name every node of the run, in an order that is the same in each process."""
        ...

    def once(self, name: str, work: Callable[[], str]) -> str:
        """What `work` gives for this node, or gave before; called by any thread, once a node."""
        ...


class StepWatcher(Protocol):
    """Is told how the nodes of a run get on, by the thread that schedules them; must not block."""

    def started(self, node_id: str) -> None:
        """A node begins."""
        ...

    def ended(self, step: Step) -> None:
        """A node that was begun has ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class WorkflowRunOptions:
    """A partial run of a workflow, for a test, or a durable one, for a job.

    Attributes:
        until: Run only this node and what it needs; its data is the answer.
        pinned: Data of nodes that are not run but taken to have answered with it.
        watcher: Who is told of each node as it starts and ends.
        checkpoints: Where nodes that have ended are kept; they are not run again.
    """

    until: str | None = None
    pinned: Mapping[str, Any] = field(default_factory=dict)
    watcher: StepWatcher | None = None
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionContext:
    """Everything an attempt may know of its call besides its parameters.

    `call` runs another API as this caller, within this deadline, recorded as this one's child; it
    never raises for a failed child but returns its result. `secret` raises TemplateFailedError for
    an unknown name. `workflow` makes a workflow's run a partial or a durable one; other logic
    ignores it. `idempotency_key` is set where the same work may be begun again: whoever is asked
    to change something is told it.
    `sink` takes the rows of an answer that need not be held, from logic that hands them on.
    `request_id` is the one of the caller outside, or the execution's own id.
    `sampled` is False where the caller said that it does not record the trace.
    """

    execution_id: UUID
    trace_id: str
    tenant_id: str
    caller: Caller
    source: ExecutionSource
    policy: RuntimePolicy
    deadline: Deadline
    input_payload: Any
    depth: int
    attempt: int
    call: Callable[[NestedCall], ExecutionResult]
    secret: Callable[[str], str]
    mappings: ReadMappings = no_mappings
    workflow: WorkflowRunOptions | None = None
    sink: AnswerSink | None = None
    idempotency_key: str | None = None
    sampled: bool = True
    request_id: str = ""

    @property
    def traceparent(self) -> str:
        """The `traceparent` header that makes what this attempt calls a part of its trace."""
        span_id = attempt_span_id(self.execution_id, self.attempt)
        return traceparent(self.trace_id, span_id, sampled=self.sampled)


class Executor(Protocol):
    """One logic type."""

    @property
    def logic_type(self) -> LogicType:
        """The type it executes."""
        ...

    def compile(self, api: ApiDefinition) -> Compiled:
        """Check and prepare a definition once; pure but for describing a statement.

        Raises:
            DefinitionInvalidError: With every issue found, warnings included.
        """
        ...

    def execute(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Payload:
        """Run one attempt with bound parameters, within `ctx.deadline`; raises EngineError."""
        ...

    def dry_run(self, compiled: Any, params: Params, ctx: ExecutionContext) -> Mapping[str, Any]:
        """Say what `execute` would do (SQL and plan, request, order of nodes), calling nothing."""
        ...

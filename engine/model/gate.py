"""What a replay of logged calls found before a version was published."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from engine.model.execution import ExecutionStatus

GateMode = Literal["off", "warn", "block"]
ReplayVerdict = Literal["same", "changed", "failed", "mended", "unstable"]
GateVerdict = Literal["passed", "changed", "failed", "nothing"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Example(_Frozen):
    """One place where two answers differ; None stands where there is nothing."""

    where: str
    before: Any = None
    after: Any = None


class Difference(_Frozen):
    """How one answer differs from another.

    Attributes:
        retyped: Columns whose type is another, each as `name: BIGINT → DOUBLE`.
        rows_before, rows_after: How many rows each has; None where it is no table.
        rows_changed: Rows that are in both with other values, told by their leading columns.
        reordered: The rows are the same and in another order.
        values_changed: Values that differ in answers that are no tables.
        examples: The first differences.
    """

    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    rows_before: int | None = None
    rows_after: int | None = None
    rows_added: int = 0
    rows_removed: int = 0
    rows_changed: int = 0
    reordered: bool = False
    values_changed: int = 0
    examples: tuple[Example, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the answers are the same."""
        counts = (self.rows_added, self.rows_removed, self.rows_changed, self.values_changed)
        names = (self.columns_added, self.columns_removed, self.retyped)
        return not (any(counts) or any(names) or self.reordered)


class ReplaySide(_Frozen):
    """One run of a replayed call."""

    status: ExecutionStatus
    duration_ms: float
    execution_id: UUID
    error: str | None = None


class ReplayedCall(_Frozen):
    """A logged call, made again on what is live and on what is to be published.

    Attributes:
        execution_id: The logged call.
        verdict: `failed` where only the new version fails, `mended` where only the live one does,
            `unstable` where the live version's answer is another each time.
    """

    execution_id: UUID
    params: dict[str, Any]
    verdict: ReplayVerdict
    live: ReplaySide
    draft: ReplaySide
    difference: Difference | None = None


class SkippedCall(_Frozen):
    """A logged call that cannot be made again just as it was, and why."""

    execution_id: UUID
    reason: str


class GateReport(_Frozen):
    """What the replay found; kept with the version.

    Attributes:
        verdict: `nothing` where no call could be replayed; `reason` says why.
        live_p50_ms: Median of the replayed calls on the version before; the others likewise.
        accepted_by: Who published although the gate blocks, None where it did not.
    """

    mode: GateMode
    verdict: GateVerdict
    reason: str = ""
    live_version: int
    calls: tuple[ReplayedCall, ...] = ()
    skipped: tuple[SkippedCall, ...] = ()
    live_p50_ms: float | None = None
    live_p95_ms: float | None = None
    draft_p50_ms: float | None = None
    draft_p95_ms: float | None = None
    accepted_by: str | None = None

    @property
    def differs(self) -> bool:
        """Whether a call fails or answers otherwise than on what is live."""
        return self.verdict in ("changed", "failed")

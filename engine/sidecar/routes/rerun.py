"""Run again: a logged call on any definition of its API, side by side."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Response
from orjson import Fragment
from pydantic import BaseModel, ConfigDict, Field

from engine.model import ErrorInfo, ExecutionStatus
from engine.model.gate import Difference
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope
from engine.testing.rerun import Comparison, Ran, RerunPlan, Side

router = APIRouter(prefix="/api-manager", tags=["tests"])


class RerunBody(BaseModel):
    """What to compare with what, and other inputs than those of the log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left: Side = "logged"
    right: Side = Field(default="live", description="`live`, `draft`, `logged`, or a version.")
    params: dict[str, Any] | None = Field(default=None, description="All of them, or none.")
    input_payload: Any = None

    def plan(self) -> RerunPlan:
        """The plan that it says."""
        return RerunPlan(
            left=self.left,
            right=self.right,
            params=self.params,
            input_payload=self.input_payload,
            has_input="input_payload" in self.model_fields_set,
        )


class RanView(BaseModel):
    """One side; `data` is null where the call failed or the log has cut it."""

    side: Side
    version: int
    execution_id: UUID
    status: ExecutionStatus
    duration_ms: float
    row_count: int | None
    error: ErrorInfo | None
    data: Any


class ComparisonView(BaseModel):
    """Both sides, and how the right answer differs from the left."""

    left: RanView
    right: RanView
    difference: Difference | None
    is_same: bool | None


AS_LOGGED = RerunBody()


@router.post(
    "/executions/{execution_id}/rerun", **documented(Envelope[ComparisonView], 404, 409, 422)
)
async def run_again(
    execution_id: UUID, visit: VisitDep, body: Annotated[RerunBody, Body()] = AS_LOGGED
) -> Response:
    """Make a logged call again, as a test, and compare two sides."""
    compare = visit.engine.reruns.compare
    return answer(_view(await visit.run(compare, execution_id, body.plan(), visit.caller)))


def _view(comparison: Comparison) -> dict[str, Any]:
    found = comparison.difference
    return {
        "left": _side(comparison.left),
        "right": _side(comparison.right),
        "difference": found,
        "is_same": None if found is None else found.is_empty,
    }


def _side(ran: Ran) -> dict[str, Any]:
    data = ran.data_json if ran.status == "success" else None
    return {
        "side": ran.side,
        "version": ran.version,
        "execution_id": ran.execution_id,
        "status": ran.status,
        "duration_ms": round(ran.duration_ms, 3),
        "row_count": ran.row_count,
        "error": ran.error,
        "data": None if data is None else Fragment(data),
    }

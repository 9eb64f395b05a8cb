"""The bodies and answers of the endpoints about breakers, cache, limits and the policy lab."""

from pydantic import BaseModel, ConfigDict, Field

from engine.model import ErrorInfo
from engine.policy_lab import MAX_CALLS, MAX_PAUSE_S, Fault
from engine.ports import BreakerMode
from engine.sidecar.schemas import ExecuteBody, ExecutionView, UnsavedDefinition


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BreakerBody(_Body):
    """The mode wanted: `auto` also closes the circuit and forgets its counts."""

    mode: BreakerMode
    reason: str = Field(
        default="", max_length=500, description="Needed for `forced_open` and `disabled`."
    )


class InvalidateBody(_Body):
    """Which cached answers to drop: exactly one of `api`, `tag` and `all`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tag": "table:flights"}]})

    api: str | None = None
    tag: str | None = None
    all: bool = False
    preview: bool = Field(default=False, description="Only count them.")


class InvalidateView(BaseModel):
    """How many answers were selected; with `more`, at least so many. A preview drops none."""

    answers: int
    more: bool
    dropped: bool


class LabBody(ExecuteBody):
    """A series of calls of a saved API or of a definition, and the fault that they meet."""

    api: str | None = None
    definition: UnsavedDefinition | None = None
    fault: Fault = Fault()
    calls: int = Field(default=10, description=f"At most {MAX_CALLS}.")
    pause_s: float = Field(default=0, description=f"Between two calls, at most {MAX_PAUSE_S:g}.")


class LabCallView(ExecutionView):
    """The outcome of one call of the series."""

    error: ErrorInfo | None

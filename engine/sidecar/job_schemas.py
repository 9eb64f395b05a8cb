"""The bodies and answers of jobs."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.jobs.orders import DEFAULT_QUEUE
from engine.model.job import PRIORITIES, USUAL_PRIORITY, Job
from engine.sidecar.schemas import ExecuteBody


class JobBody(ExecuteBody):
    """What a job is to do, and where it stands in line."""

    queue: str = Field(default=DEFAULT_QUEUE, description="One of the instance's queues.")
    priority: int = Field(
        default=USUAL_PRIORITY,
        ge=PRIORITIES[0],
        le=PRIORITIES[1],
        description="1 is the first in line.",
    )
    timeout_seconds: float | None = Field(
        default=None, gt=0, description="How long it may take once it has begun."
    )
    pinned: Mapping[str, Any] = Field(
        default_factory=dict,
        description="Data of workflow nodes that are not to be run; needs the analyst role.",
    )


class RetryBody(BaseModel):
    """What is to be taken as done besides what was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pinned: Mapping[str, Any] = Field(default_factory=dict)


class CancelBody(BaseModel):
    """Nothing, or an empty object."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class JobView(Job):
    """A job; `progress` is the share of its nodes that have ended."""

    progress: float

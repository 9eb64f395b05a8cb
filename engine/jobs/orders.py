"""What a door asks for when it starts a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from engine.model import ExecutionSource
from engine.model.job import USUAL_PRIORITY
from engine.ports import Params

DEFAULT_QUEUE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """An execution of a published API as a job.

    Attributes:
        queue: One of the queues in the settings.
        priority: From 1, the first in line, to 100.
        timeout_s: How long it may take from the moment a worker begins it; None for the usual.
        pinned: Data of workflow nodes that are not run but taken to have answered with it.
        retry_of: The job whose finished nodes this one takes over.
    """

    api: str
    params: Params = field(default_factory=dict)
    input_payload: Any = None
    queue: str = DEFAULT_QUEUE
    priority: int = USUAL_PRIORITY
    timeout_s: float | None = None
    pinned: Mapping[str, Any] = field(default_factory=dict)
    source: ExecutionSource = "rest"
    trace_id: str | None = None
    retry_of: UUID | None = None

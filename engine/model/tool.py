"""What agents see: tools that APIs are exported as, and the calls of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from engine.model.execution import ExecutionStatus
from engine.model.listing import WorkOrder

TOOL_NAME_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
"""What every client takes: the protocol allows more, some clients do not."""
TOOL_FIELDS: tuple[str, ...] = (
    "name",
    "description",
    "read_only",
    "offers_dry_run",
    "max_chars",
    "is_active",
)
"""The fields of a tool that an author sets."""

ToolDoor = Literal["mcp", "rest", "ui", "notebook"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tool(_Frozen):
    """An API as agents see it.

    Attributes:
        api_name: The API's name now.
        schema_at_export: The JSON Schema of what the API took when it was exported.
        read_only: Whether a call changes nothing anywhere, which agents are told.
        offers_dry_run: Whether agents may ask what a call would do, by an argument `dry_run`.
        max_chars: The longest answer an agent is given.
        api_version: The API's version when it was exported.
    """

    id: UUID
    tenant_id: str = "default"
    name: str = Field(pattern=TOOL_NAME_PATTERN)
    api_id: UUID
    api_name: str
    description: str = Field(max_length=4000)
    read_only: bool = False
    offers_dry_run: bool = False
    max_chars: int = Field(default=20_000, ge=500, le=500_000)
    is_active: bool = True
    schema_at_export: Mapping[str, Any]
    api_version: int
    created_by: str
    created_at: datetime
    updated_at: datetime


class ToolQuery(_Frozen):
    """Filters and paging of the list; `q` looks in names and descriptions."""

    q: str = ""
    is_active: bool | None = None
    sort: WorkOrder = "name"
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2_147_483_647)


class ToolCallRecord(_Frozen):
    """One call of a tool; its execution is in the execution log, a dry run has none.

    `chars` is the length of the whole answer, `truncated` whether the caller got less of it.
    """

    id: UUID
    tenant_id: str = "default"
    tool_id: UUID
    tool_name: str
    execution_id: UUID | None
    called_by: str
    door: ToolDoor
    dry_run: bool = False
    status: ExecutionStatus
    error_type: str | None = None
    chars: int
    truncated: bool = False
    duration_ms: float
    created_at: datetime

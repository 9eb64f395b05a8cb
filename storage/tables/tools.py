"""The tools that APIs are exported as, and their calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class ToolRow(TenantRow):
    """An API as agents see it; the API names it in `tool_name`."""

    __tablename__ = "tb_tool"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    api_id: Mapped[UUID] = mapped_column(
        ForeignKey("tb_api_definition.id", ondelete="CASCADE"), unique=True
    )
    description: Mapped[str]
    read_only: Mapped[bool]
    offers_dry_run: Mapped[bool]
    max_chars: Mapped[int]
    is_active: Mapped[bool]
    api_version: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    schema_at_export: Mapped[dict[str, Any]]


class ToolCallRow(TenantRow):
    """One call of a tool; it outlives the tool."""

    __tablename__ = "tb_tool_call_log"
    __table_args__ = (Index(None, "tenant_id", "tool_id", "created_at"), Index(None, "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tool_id: Mapped[UUID]
    tool_name: Mapped[str]
    execution_id: Mapped[UUID | None]
    called_by: Mapped[str]
    door: Mapped[str]
    dry_run: Mapped[bool]
    status: Mapped[str]
    error_type: Mapped[str | None]
    chars: Mapped[int]
    truncated: Mapped[bool]
    duration_ms: Mapped[float]
    created_at: Mapped[datetime]

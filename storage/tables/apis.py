"""APIs, their versions, and where they read."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class ApiDefinitionRow(TenantRow):
    """An API as it is live, and the draft that may replace it."""

    __tablename__ = "tb_api_definition"
    __table_args__ = (UniqueConstraint("tenant_id", "api_name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    api_name: Mapped[str]
    api_type: Mapped[str]
    logic_type: Mapped[str]
    connection: Mapped[str | None]
    is_active: Mapped[bool]
    version: Mapped[int]
    tool_name: Mapped[str | None]
    tags: Mapped[list[str]]
    description: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    draft_base_version: Mapped[int | None]
    draft_updated_by: Mapped[str | None]
    draft_updated_at: Mapped[datetime | None]
    param_schema: Mapped[dict[str, Any]]
    runtime_policy: Mapped[dict[str, Any]]
    logic_body: Mapped[str]
    draft_fields: Mapped[dict[str, Any] | None]


class ApiVersionRow(TenantRow):
    """One published version, never changed."""

    __tablename__ = "tb_api_version"

    api_id: Mapped[UUID] = mapped_column(
        ForeignKey("tb_api_definition.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    change_note: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    response_columns: Mapped[list[dict[str, Any]] | None]
    breaking: Mapped[list[dict[str, Any]] | None]
    gate: Mapped[dict[str, Any] | None]
    snapshot: Mapped[dict[str, Any]]


class ConnectionRow(TenantRow):
    """A query target added by a user; its DSN is encrypted unless it is a reference."""

    __tablename__ = "tb_connection"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    dialect: Mapped[str]
    description: Mapped[str]
    dsn: Mapped[str]

"""Screens that are put together from blocks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class ScreenRow(TenantRow):
    """A screen as it is shown, and the draft that may replace it."""

    __tablename__ = "tb_ui_screen"
    __table_args__ = (UniqueConstraint("tenant_id", "screen_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    screen_id: Mapped[str]
    title: Mapped[str]
    role: Mapped[str]
    version: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_by: Mapped[str]
    updated_at: Mapped[datetime]
    spec: Mapped[dict[str, Any]]
    draft: Mapped[dict[str, Any] | None]

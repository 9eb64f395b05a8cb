"""Alerts, and what they told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


class AlertRow(TenantRow):
    """An alert, and where it stands."""

    __tablename__ = "tb_alert"
    __table_args__ = (UniqueConstraint("tenant_id", "alert_name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_name: Mapped[str]
    description: Mapped[str]
    is_active: Mapped[bool]
    phase: Mapped[str]
    since: Mapped[datetime | None]
    value: Mapped[float | None]
    checked_at: Mapped[datetime | None]
    revision: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    spec: Mapped[dict[str, Any]]
    delivery: Mapped[dict[str, Any]]


class AlertEventRow(TenantRow):
    """One thing that an alert told; it outlives the alert."""

    __tablename__ = "tb_alert_event"
    __table_args__ = (
        Index(None, "tenant_id", "at"),
        Index(None, "alert_id", "at"),
        Index(None, "status", "next_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID]
    alert_name: Mapped[str]
    change: Mapped[str]
    at: Mapped[datetime]
    value: Mapped[float | None]
    message: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    error: Mapped[str | None]
    payload: Mapped[dict[str, Any]]

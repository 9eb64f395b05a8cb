"""Jobs, and the processes that run them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import Row, TenantRow


class JobRow(TenantRow):
    """A job; `work` is encrypted."""

    __tablename__ = "tb_job"
    __table_args__ = (
        Index(None, "tenant_id", "created_at"),
        Index(None, "api_id", "created_at"),
        Index(None, "status", "worker"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    api_id: Mapped[UUID]
    api_name: Mapped[str]
    api_version: Mapped[int]
    logic_type: Mapped[str]
    queue: Mapped[str]
    priority: Mapped[int]
    status: Mapped[str]
    created_by: Mapped[str]
    source: Mapped[str]
    trace_id: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    runs: Mapped[int]
    cancel_requested: Mapped[bool]
    retry_of: Mapped[UUID | None]
    execution_id: Mapped[UUID]
    row_count: Mapped[int | None]
    error: Mapped[dict[str, Any] | None]
    nodes: Mapped[list[dict[str, Any]]]
    work: Mapped[str]
    answer: Mapped[bytes | None]


class JobWorkerRow(Row):
    """A process that runs jobs, as it was last heard of."""

    __tablename__ = "tb_job_worker"

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    queues: Mapped[list[str]]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]

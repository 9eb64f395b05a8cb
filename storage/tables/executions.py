"""What was executed, its sums, and who may be doing what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import Row, TenantRow

UNSUCCESSFUL = text("status <> 'success'")
"""The condition of the index over failures; a query that is to use it repeats it to the letter."""


class ExecutionRow(TenantRow):
    """One execution; it outlives the API that it ran."""

    __tablename__ = "tb_api_execution_log"
    __table_args__ = (
        Index(None, "tenant_id", "created_at"),
        Index(None, "tenant_id", "api_id", "created_at"),
        # Failures are few, and looked for among millions that are none.
        Index(
            "ix_tb_api_execution_log_unsuccessful",
            "tenant_id",
            "created_at",
            sqlite_where=UNSUCCESSFUL,
            postgresql_where=UNSUCCESSFUL,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    api_id: Mapped[UUID | None]
    api_name: Mapped[str]
    api_version: Mapped[int]
    executed_by: Mapped[str]
    source: Mapped[str]
    parent_execution_id: Mapped[UUID | None] = mapped_column(index=True)
    trace_id: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    duration_ms: Mapped[float]
    response_status: Mapped[int]
    response_truncated: Mapped[bool]
    rows_affected: Mapped[int | None]
    cached: Mapped[bool]
    attempts: Mapped[int]
    circuit_breaker_state: Mapped[str]
    created_at: Mapped[datetime]
    error_type: Mapped[str | None]
    error_message: Mapped[str | None]
    error_stacktrace: Mapped[str | None]
    meta: Mapped[dict[str, Any]] = mapped_column("metadata")
    request_params: Mapped[dict[str, Any]]
    response_data: Mapped[str | None]


class RollupRow(TenantRow):
    """Sums over the executions of one bucket of time; `storage/rollup_keys.py` says over which.

    The id is a hash of the columns up to `writer`.
    """

    __tablename__ = "tb_metric_rollup"
    __table_args__ = (
        Index(None, "tenant_id", "by_api", "api_id", "facet", "grain", "start_s"),
        Index(None, "grain", "start_s"),
        Index(None, "tenant_id", "facet", "by_api", "grain", "start_s"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    by_api: Mapped[bool]
    api_id: Mapped[UUID | None]
    facet: Mapped[str]
    value: Mapped[str]
    grain: Mapped[str]
    start_s: Mapped[int] = mapped_column(BigInteger)
    writer: Mapped[UUID]
    calls: Mapped[int] = mapped_column(BigInteger)
    success: Mapped[int] = mapped_column(BigInteger)
    fail: Mapped[int] = mapped_column(BigInteger)
    timeout: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    cached: Mapped[int] = mapped_column(BigInteger)
    cache_lookups: Mapped[int] = mapped_column(BigInteger)
    retries: Mapped[int] = mapped_column(BigInteger)
    breaker_trips: Mapped[int] = mapped_column(BigInteger)
    rate_limited: Mapped[int] = mapped_column(BigInteger)
    total_ms: Mapped[float]
    min_ms: Mapped[float | None]
    max_ms: Mapped[float | None]
    last_at: Mapped[datetime | None]
    last_id: Mapped[UUID | None]
    buckets: Mapped[list[int]]
    latency: Mapped[bytes]


class IdempotencyRow(TenantRow):
    """A call made under an idempotency key; without an answer while it is running."""

    __tablename__ = "tb_idempotency_key"
    __table_args__ = (Index(None, "expires_at"),)

    tenant_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    name: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    holder: Mapped[UUID]
    running_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]


class LeaseRow(Row):
    """Who may do something that one process at a time does, and until when."""

    __tablename__ = "tb_lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[UUID]
    expires_at: Mapped[datetime]

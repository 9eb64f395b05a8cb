"""The tables of the metadata database, the same on SQLite and PostgreSQL.

JSON columns are `JSON`, not `JSONB`: it keeps the order of keys, in which an author's parameters
are shown, and takes every text that JSON can write. Columns that may be large come last, so that
SQLite reads the others without them.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.columns import UtcDateTime

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    """A row of any table."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        bool: Boolean(),
        bytes: LargeBinary(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[int]: JSON(none_as_null=True),
        list[dict[str, Any]]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        str: Text(),
        UUID: Uuid(),
    }


class TenantRow(Row):
    """A row that belongs to a tenant."""

    __abstract__ = True

    tenant_id: Mapped[str] = mapped_column(sort_order=-1)


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
    snapshot: Mapped[dict[str, Any]]


class ExecutionRow(TenantRow):
    """One execution; it outlives the API that it ran."""

    __tablename__ = "tb_api_execution_log"
    __table_args__ = (
        Index(None, "tenant_id", "created_at"),
        Index(None, "api_id", "created_at"),
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


class LeaseRow(Row):
    """Who may do something that one process at a time does, and until when."""

    __tablename__ = "tb_lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[UUID]
    expires_at: Mapped[datetime]


class ConnectionRow(TenantRow):
    """A query target added by a user; its DSN is encrypted unless it is a reference."""

    __tablename__ = "tb_connection"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    dialect: Mapped[str]
    description: Mapped[str]
    dsn: Mapped[str]


class SettingRow(TenantRow):
    """A setting changed at run time; the value is wrapped, since it may be any JSON."""

    __tablename__ = "tb_setting"
    __table_args__ = (UniqueConstraint("tenant_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    key: Mapped[str]
    updated_at: Mapped[datetime]
    value: Mapped[dict[str, Any]]


class SecretRow(TenantRow):
    """A secret, encrypted with the instance key."""

    __tablename__ = "tb_secret"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    updated_at: Mapped[datetime]
    ciphertext: Mapped[str]


class ApiKeyRow(TenantRow):
    """An API key; `id` is its public part, the secret part is kept as an HMAC."""

    __tablename__ = "tb_api_key"
    __table_args__ = (Index(None, "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_hmac: Mapped[bytes]
    roles: Mapped[list[str]]
    scope: Mapped[dict[str, Any] | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    rate: Mapped[str | None]
    allowed_ips: Mapped[list[str]]


class UserRow(TenantRow):
    """A person who signs in with a password; it is kept as an argon2 hash."""

    __tablename__ = "tb_user"
    __table_args__ = (UniqueConstraint("tenant_id", "user_name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_name: Mapped[str]
    password_hash: Mapped[str]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


class SessionRow(TenantRow):
    """A sign-in of a user that is still in force; ending it deletes the row."""

    __tablename__ = "tb_session"
    __table_args__ = (Index(None, "tenant_id", "user_name"), Index(None, "expires_at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    user_name: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class RoleBindingRow(TenantRow):
    """A role that a subject holds in a tenant; `engine.auth.subjects` says how one is written."""

    __tablename__ = "tb_role_binding"
    __table_args__ = (UniqueConstraint("tenant_id", "subject", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    subject: Mapped[str]
    role: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


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


class AuditRow(TenantRow):
    """A management action."""

    __tablename__ = "tb_audit_log"
    __table_args__ = (Index(None, "tenant_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    created_at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


def table_of(row: type[Row]) -> Table:
    """The Core table of a row class, for statements keyed by column names."""
    table = row.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is not mapped to a table")
    return table

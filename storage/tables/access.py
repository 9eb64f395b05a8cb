"""Who may do what, and what they did."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.row import TenantRow


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

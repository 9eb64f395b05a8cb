"""Where keys, users, settings, secrets and the audit log are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from engine.model import (
    Page,
    Role,
    Scope,
)


@dataclass(frozen=True)
class ApiKey:
    """An API key as stored: the secret only as its HMAC."""

    id: str
    tenant_id: str
    name: str
    secret_hmac: bytes
    roles: frozenset[str]
    scope: Scope | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    rate: str | None = None
    allowed_ips: tuple[str, ...] = ()


class KeyStore(Protocol):
    """API keys, found by their public id."""

    def get(self, key_id: str) -> ApiKey | None:
        """A key by id, revoked and expired ones included."""
        ...

    def all(self, tenant_id: str) -> tuple[ApiKey, ...]:
        """Every key of a tenant, newest first."""
        ...

    def add(self, key: ApiKey) -> None:
        """Insert; raises ConflictError when the id is taken."""
        ...

    def revoke(self, tenant_id: str, key_id: str, at: datetime) -> None:
        """Revoke; raises NotFoundError."""
        ...

    def touch(self, key_id: str, at: datetime) -> None:
        """Note when a key was last used."""
        ...

    def count(self) -> int:
        """How many keys exist in all tenants."""
        ...


@dataclass(frozen=True)
class User:
    """A person who signs in with a password, of which only an argon2id hash is kept."""

    tenant_id: str
    name: str
    password_hash: str = field(repr=False)
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None = None


@dataclass(frozen=True)
class RoleBinding:
    """A role that a subject (see `engine.auth.subjects`) holds in a tenant."""

    tenant_id: str
    subject: str
    role: Role
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Session:
    """A sign-in of a user that has not been ended; past `expires_at` it counts for nothing."""

    id: str
    tenant_id: str
    user_name: str
    created_at: datetime
    expires_at: datetime


class UserStore(Protocol):
    """Users, the roles of all subjects, and the sessions of users."""

    def get(self, tenant_id: str, name: str) -> User | None:
        """A user by name, one who may not sign in included."""
        ...

    def all(self, tenant_id: str) -> tuple[User, ...]:
        """Every user of a tenant, by name."""
        ...

    def any_exist(self) -> bool:
        """Whether there is a user in any tenant."""
        ...

    def add(self, user: User) -> None:
        """Insert; raises ConflictError when the name is taken."""
        ...

    def change(
        self,
        tenant_id: str,
        name: str,
        *,
        password_hash: str | None = None,
        is_active: bool | None = None,
        last_login_at: datetime | None = None,
    ) -> None:
        """Set what is given; raises NotFoundError."""
        ...

    def bindings(self, tenant_id: str) -> tuple[RoleBinding, ...]:
        """Every role binding of a tenant, by subject."""
        ...

    def bind(self, binding: RoleBinding) -> None:
        """Add; without effect when it is there."""
        ...

    def unbind(self, tenant_id: str, subject: str, role: str) -> None:
        """Remove; raises NotFoundError."""
        ...

    def open_session(self, session: Session) -> None:
        """Insert, and forget the sessions that ended before it began."""
        ...

    def session(self, tenant_id: str, session_id: str) -> Session | None:
        """A session that nobody ended."""
        ...

    def end_session(self, tenant_id: str, session_id: str) -> None:
        """End a session; without effect when it has ended."""
        ...

    def end_sessions(self, tenant_id: str, user_name: str) -> None:
        """End every session of a user."""
        ...


@dataclass(frozen=True)
class AuditEntry:
    """A management action: who did what to which thing, when."""

    tenant_id: str
    actor: str
    action: str
    target: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


class SettingStore(Protocol):
    """Instance settings changed at run time, secrets, and the audit log."""

    def get(self, tenant_id: str, key: str) -> Any:
        """A setting's value, or None."""
        ...

    def put(self, tenant_id: str, key: str, value: Any) -> None:
        """Set a value."""
        ...

    def put_all(self, tenant_id: str, values: Mapping[str, Any], entry: AuditEntry) -> None:
        """Set values and append to the audit log, in one transaction."""
        ...

    def add_audit(self, entry: AuditEntry) -> None:
        """Append to the audit log."""
        ...

    def audit(self, tenant_id: str, limit: int, offset: int) -> Page[AuditEntry]:
        """The audit log, newest first."""
        ...

    def secret(self, tenant_id: str, name: str) -> str | None:
        """A secret in clear, or None; decrypted with the instance key."""
        ...

    def secret_names(self, tenant_id: str) -> tuple[str, ...]:
        """The names of all secrets."""
        ...

    def put_secret(self, tenant_id: str, name: str, value: str) -> None:
        """Store a secret, encrypted."""
        ...

    def delete_secret(self, tenant_id: str, name: str) -> None:
        """Remove a secret; raises NotFoundError."""
        ...

"""Roles that are given to subjects in a tenant, apart from what tokens claim."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cachetools import TTLCache

from engine.auth.authorization import authorize_unlimited
from engine.auth.subjects import is_named_by, parse_subject, user_subject
from engine.errors import ConflictError
from engine.model import Caller, Page, Role
from engine.model.listing import BindingOrder, BindingQuery, listed, newest_first
from engine.ports import AuditEntry, RoleBinding, SettingStore, UserStore

REMEMBER_S = 2.0
"""How long a tenant's bindings are trusted without asking the store."""

_ORDERS: Mapping[BindingOrder, Callable[[RoleBinding], Any]] = {
    "subject": lambda binding: (binding.subject, binding.role),
    "role": lambda binding: (binding.role, binding.subject),
    "newest": lambda binding: newest_first(binding.created_at),
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class RoleBindings:
    """Gives and takes roles; tells who has which. Thread-safe."""

    def __init__(
        self,
        store: UserStore,
        audit: SettingStore,
        *,
        now: Callable[[], datetime] = _utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._audit = audit
        self._now = now
        self._kept: TTLCache[str, tuple[RoleBinding, ...]] = TTLCache(1024, REMEMBER_S, timer=clock)
        self._lock = threading.Lock()

    def all(self, caller: Caller) -> tuple[RoleBinding, ...]:
        """Every binding of the caller's tenant, by subject."""
        authorize_unlimited(caller, "users:manage")
        return self._store.bindings(caller.tenant_id)

    def search(self, query: BindingQuery, caller: Caller) -> Page[RoleBinding]:
        """The bindings whose subject, role or giver has what is asked for."""
        return listed(
            self.all(caller),
            query,
            words=lambda binding: (binding.subject, binding.role, binding.created_by),
            order=_ORDERS[query.sort],
        )

    def bind(self, subject: str, role: Role, caller: Caller) -> None:
        """Give a role; without effect when it is given already.

        Raises:
            BadRequestError: The subject is not written as one.
        """
        authorize_unlimited(caller, "users:manage")
        self.give(parse_subject(subject), role, caller)

    def unbind(self, subject: str, role: str, caller: Caller) -> None:
        """Take a role.

        Raises:
            NotFoundError: The subject does not have it.
            ConflictError: It is the last one by which a user of the tenant is an admin.
        """
        authorize_unlimited(caller, "users:manage")
        if role == "admin" and self.admins(caller.tenant_id) == {subject}:
            raise last_admin()
        self._store.unbind(caller.tenant_id, subject, role)
        self._record(caller, "users:unbind", subject, role)

    def give(self, subject: str, role: Role, caller: Caller) -> None:
        """Give a role to a subject that was parsed, for a caller that was authorized."""
        binding = RoleBinding(caller.tenant_id, subject, role, caller.subject, self._now())
        self._store.bind(binding)
        self._record(caller, "users:bind", subject, role)

    def roles_of_user(self, tenant_id: str, name: str) -> frozenset[Role]:
        """The roles of a user of this instance."""
        subject = user_subject(name)
        return frozenset(each.role for each in self._of(tenant_id) if each.subject == subject)

    def roles_of_claims(self, tenant_id: str, claims: Mapping[str, Any]) -> frozenset[Role]:
        """The roles bound to the holder of a token, besides those it claims."""
        bindings = self._of(tenant_id)
        return frozenset(each.role for each in bindings if is_named_by(each.subject, claims))

    def is_known(self, tenant_id: str) -> bool:
        """Whether the tenant's bindings are at hand, so that telling roles does not wait."""
        with self._lock:
            return tenant_id in self._kept

    def admins(self, tenant_id: str) -> frozenset[str]:
        """The subjects of the tenant's users who are admins and may sign in."""
        active = {user_subject(each.name) for each in self._store.all(tenant_id) if each.is_active}
        bindings = self._store.bindings(tenant_id)
        return frozenset(each.subject for each in bindings if each.role == "admin") & active

    def _of(self, tenant_id: str) -> tuple[RoleBinding, ...]:
        with self._lock:
            kept = self._kept.get(tenant_id)
        if kept is None:
            kept = self._store.bindings(tenant_id)
            with self._lock:
                self._kept[tenant_id] = kept
        return kept

    def _record(self, caller: Caller, action: str, subject: str, role: str) -> None:
        with self._lock:
            self._kept.pop(caller.tenant_id, None)
        self._audit.add_audit(
            AuditEntry(
                caller.tenant_id, caller.subject, action, subject, self._now(), {"role": role}
            )
        )


def last_admin() -> ConflictError:
    """Why the last admin stays one."""
    return ConflictError(
        "this is the last admin among the users",
        hint="Make somebody else an admin first: otherwise nobody could manage users any more.",
    )

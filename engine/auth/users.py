"""People who sign in with a password of this instance."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.auth.authorization import authorize_unlimited
from engine.auth.bindings import RoleBindings, last_admin
from engine.auth.passwords import Passwords
from engine.auth.subjects import user_subject
from engine.auth.throttle import SignInThrottle
from engine.errors import AuthenticationError, BadRequestError
from engine.model import Caller, Page, Role
from engine.model.listing import UserOrder, UserQuery, listed, newest_first
from engine.ports import AuditEntry, SettingStore, User, UserStore

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
LONGEST_NAME = 200
_ORDERS: Mapping[UserOrder, Callable[[User], Any]] = {
    "name": lambda user: user.name.casefold(),
    "seen": lambda user: newest_first(user.last_login_at),
}
logger = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Users:
    """Creates, changes and signs in users; thread-safe."""

    def __init__(
        self,
        store: UserStore,
        bindings: RoleBindings,
        audit: SettingStore,
        throttle: SignInThrottle,
        *,
        passwords: Passwords | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._store = store
        self._bindings = bindings
        self._audit = audit
        self._throttle = throttle
        self._passwords = passwords or Passwords()
        self._now = now
        self._some_exist = False

    def exist(self) -> bool:
        """Whether anybody can be asked for a password; once there are users, there always are."""
        self._some_exist = self._some_exist or self._store.any_exist()
        return self._some_exist

    def all(self, caller: Caller) -> tuple[User, ...]:
        """Every user of the caller's tenant, by name."""
        authorize_unlimited(caller, "users:manage")
        return self._store.all(caller.tenant_id)

    def search(self, query: UserQuery, caller: Caller) -> Page[User]:
        """The users whose name has what is asked for."""
        found = self.all(caller)
        return listed(found, query, words=lambda user: (user.name,), order=_ORDERS[query.sort])

    def create(self, name: str, password: str, roles: Sequence[Role], caller: Caller) -> User:
        """Add a user to the caller's tenant.

        Raises:
            BadRequestError: The name or password cannot be used, there is no role, or it is the
                tenant's first user and no admin.
            ConflictError: The name is taken.
        """
        authorize_unlimited(caller, "users:manage")
        _check_name(name)
        self._check_roles(caller.tenant_id, roles)
        user = User(
            tenant_id=caller.tenant_id,
            name=name,
            password_hash=self._passwords.hash(password),
            is_active=True,
            created_at=self._now(),
        )
        self._store.add(user)
        self._record(caller, "users:create", name)
        for role in roles:
            self._bindings.give(user_subject(name), role, caller)
        return user

    def set_password(self, name: str, password: str, caller: Caller) -> None:
        """Give a user another password, and end all of the user's sessions.

        Raises:
            NotFoundError, BadRequestError: No such user; the password cannot be used.
        """
        authorize_unlimited(caller, "users:manage")
        password_hash = self._passwords.hash(password)
        self._store.change(caller.tenant_id, name, password_hash=password_hash)
        self._store.end_sessions(caller.tenant_id, name)
        self._record(caller, "users:set_password", name)

    def set_active(self, name: str, caller: Caller, *, active: bool) -> None:
        """Let a user sign in, or no longer, which also ends all of the user's sessions.

        Raises:
            NotFoundError: No such user.
            ConflictError: The user is the tenant's last admin.
        """
        authorize_unlimited(caller, "users:manage")
        if not active and self._bindings.admins(caller.tenant_id) == {user_subject(name)}:
            raise last_admin()
        self._store.change(caller.tenant_id, name, is_active=active)
        if not active:
            self._store.end_sessions(caller.tenant_id, name)
        self._record(caller, "users:enable" if active else "users:disable", name)

    def authenticate_password(
        self, tenant_id: str, name: str, password: str, address: str | None
    ) -> User:
        """The user with this name and password.

        An unknown name, a user who may not sign in and a wrong password are told apart neither by
        the answer nor by its time.

        Raises:
            RateLimitedError: Too many attempts; nothing was compared.
            AuthenticationError: Name and password do not belong together.
        """
        if max(len(tenant_id), len(name)) > LONGEST_NAME:
            raise AuthenticationError("this is too long to be a name")
        self._throttle.admit(tenant_id, name, address)
        user = self._store.get(tenant_id, name)
        usable = user if user is not None and user.is_active else None
        kept = usable.password_hash if usable else None
        if not self._passwords.fits(password, kept) or usable is None:
            logger.warning("a sign-in to tenant %r from %s was refused", tenant_id, address)
            raise AuthenticationError("this name and password do not belong together")
        self._note_sign_in(usable, password)
        return usable

    def _note_sign_in(self, user: User, password: str) -> None:
        changes: dict[str, Any] = {"last_login_at": self._now()}
        if self._passwords.is_outdated(user.password_hash):
            changes["password_hash"] = self._passwords.hash(password)
        self._store.change(user.tenant_id, user.name, **changes)

    def _check_roles(self, tenant_id: str, roles: Sequence[Role]) -> None:
        if not roles:
            raise BadRequestError("a user needs a role: viewer, analyst or admin")
        if "admin" not in roles and not self._bindings.admins(tenant_id):
            raise BadRequestError(
                "the first user must be an admin",
                hint="From then on the dashboard asks everybody to sign in.",
            )

    def _record(self, caller: Caller, action: str, name: str) -> None:
        self._audit.add_audit(
            AuditEntry(caller.tenant_id, caller.subject, action, name, self._now())
        )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadRequestError(
            f"{name!r} cannot be a user name",
            hint="Use up to 100 letters, digits and . _ @ + -, beginning with a letter or digit.",
        )

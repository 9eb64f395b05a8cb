"""Secrets that APIs use as `{{secrets.NAME}}`: they can be stored and used, never read back."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from engine.auth import authorize
from engine.errors import BadRequestError
from engine.model import Caller, Page
from engine.model.listing import ListQuery, listed
from engine.ports import AuditEntry, SettingStore

MAX_VALUE_BYTES = 65_536
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Secrets:
    """The secrets of each tenant; thread-safe."""

    def __init__(self, store: SettingStore, now: Callable[[], datetime] = _utc_now) -> None:
        self._store = store
        self._now = now

    def names(self, caller: Caller) -> tuple[str, ...]:
        """The names of the tenant's secrets, in order."""
        authorize(caller, "secrets:read")
        return self._store.secret_names(caller.tenant_id)

    def search(self, query: ListQuery, caller: Caller) -> Page[str]:
        """The names that have what is asked for, in order."""
        return listed(self.names(caller), query, words=lambda name: (name,))

    def put(self, name: str, value: str, caller: Caller) -> None:
        """Store or replace a secret.

        Raises:
            BadRequestError: The name cannot stand in a template, or the value is empty or too long.
        """
        authorize(caller, "secrets:write")
        if not _NAME.fullmatch(name):
            raise BadRequestError(
                f"{name!r} cannot be the name of a secret",
                hint="Use up to 64 letters, digits and underscores, not beginning with a digit.",
            )
        if not value or len(value.encode()) > MAX_VALUE_BYTES:
            raise BadRequestError(f"a secret has 1 to {MAX_VALUE_BYTES} bytes")
        self._store.put_secret(caller.tenant_id, name, value)
        self._record(caller, "secrets:put", name)

    def delete(self, name: str, caller: Caller) -> None:
        """Remove a secret; raises NotFoundError."""
        authorize(caller, "secrets:write")
        self._store.delete_secret(caller.tenant_id, name)
        self._record(caller, "secrets:delete", name)

    def _record(self, caller: Caller, action: str, name: str) -> None:
        self._store.add_audit(
            AuditEntry(caller.tenant_id, caller.subject, action, name, self._now())
        )

"""Which endpoint groups accept API keys at all: a tenant's setting, every group by default."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import get_args

from cachetools import TTLCache

from engine.auth.authorization import Group, authorize_unlimited
from engine.errors import BadRequestError, PermissionDeniedError
from engine.model import Caller
from engine.ports import AuditEntry, SettingStore

REMEMBER_S = 2.0
"""How late a change acts in other processes."""


class KeyGroups:
    """Tells and changes the setting; thread-safe."""

    SETTING = "auth.key_groups"

    def __init__(
        self, settings: SettingStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._kept: TTLCache[str, tuple[Group, ...]] = TTLCache(1024, REMEMBER_S, timer=clock)
        self._lock = threading.Lock()

    def of(self, tenant_id: str) -> tuple[Group, ...]:
        """The groups of a tenant that accept keys."""
        with self._lock:
            kept = self._kept.get(tenant_id)
        if kept is None:
            chosen = self._settings.get(tenant_id, self.SETTING)
            kept = tuple(each for each in get_args(Group) if chosen is None or each in chosen)
            with self._lock:
                self._kept[tenant_id] = kept
        return kept

    def is_known(self, tenant_id: str) -> bool:
        """Whether the answer is at hand, so that asking does not wait."""
        with self._lock:
            return tenant_id in self._kept

    def set(self, groups: Sequence[str], caller: Caller) -> None:
        """Let keys of the caller's tenant use these groups only; raises as `checked`."""
        authorize_unlimited(caller, "settings:manage")
        chosen = self.checked(groups, caller)
        entry = AuditEntry(
            caller.tenant_id,
            caller.subject,
            "settings:key_groups",
            self.SETTING,
            datetime.now(UTC),
            {"groups": chosen},
        )
        self._settings.put_all(caller.tenant_id, {self.SETTING: chosen}, entry)
        self.forget(caller.tenant_id)

    def checked(self, groups: Sequence[str] | None, caller: Caller) -> list[Group] | None:
        """The groups as they are kept; None, for every group there is, stays None.

        Raises:
            BadRequestError: There is no such group.
            PermissionDeniedError: The caller is an API key, and would close a group to API keys:
                also to itself, so that it could not open it again.
        """
        unknown = sorted(set(groups or ()) - set(get_args(Group)))
        if unknown:
            known = ", ".join(get_args(Group))
            raise BadRequestError(
                f"there is no endpoint group {unknown[0]!r}", hint=f"There are {known}."
            )
        if groups is None:
            return None
        closed = [each for each in self.of(caller.tenant_id) if each not in groups]
        if closed and caller.kind == "api_key":
            raise PermissionDeniedError(
                f"an API key would lock itself out by closing {', '.join(closed)} to API keys",
                hint="Sign in as an admin to do that.",
            )
        return [each for each in get_args(Group) if each in groups]

    def forget(self, tenant_id: str) -> None:
        """Read the setting of a tenant anew when it is needed next."""
        with self._lock:
            self._kept.pop(tenant_id, None)

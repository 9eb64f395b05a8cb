"""Which endpoint groups accept API keys at all: a tenant's setting, every group by default."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import get_args

from cachetools import TTLCache

from engine.auth.authorization import Group, authorize_unlimited
from engine.errors import BadRequestError
from engine.model import Caller
from engine.ports import AuditEntry, SettingStore

SETTING = "auth.key_groups"
REMEMBER_S = 2.0
"""How late a change acts in other processes."""


class KeyGroups:
    """Tells and changes the setting; thread-safe."""

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
            chosen = self._settings.get(tenant_id, SETTING)
            kept = tuple(each for each in get_args(Group) if chosen is None or each in chosen)
            with self._lock:
                self._kept[tenant_id] = kept
        return kept

    def is_known(self, tenant_id: str) -> bool:
        """Whether the answer is at hand, so that asking does not wait."""
        with self._lock:
            return tenant_id in self._kept

    def set(self, groups: Sequence[str], caller: Caller) -> None:
        """Let keys of the caller's tenant use these groups only.

        Raises:
            BadRequestError: There is no such group.
        """
        authorize_unlimited(caller, "settings:manage")
        unknown = sorted(set(groups) - set(get_args(Group)))
        if unknown:
            raise BadRequestError(f"there is no endpoint group {unknown[0]!r}")
        chosen = [each for each in get_args(Group) if each in groups]
        self._settings.put(caller.tenant_id, SETTING, chosen)
        with self._lock:
            self._kept.pop(caller.tenant_id, None)
        self._settings.add_audit(
            AuditEntry(
                caller.tenant_id,
                caller.subject,
                "settings:key_groups",
                SETTING,
                datetime.now(UTC),
                {"groups": chosen},
            )
        )

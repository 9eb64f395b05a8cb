"""The audit log: who changed what in the caller's tenant, when."""

from engine.auth import authorize_unlimited
from engine.model import Caller, Page
from engine.ports import AuditEntry, SettingStore


class AuditLog:
    """Reads the log that every management action writes an entry into."""

    def __init__(self, store: SettingStore) -> None:
        self._store = store

    def page(self, caller: Caller, *, limit: int = 50, offset: int = 0) -> Page[AuditEntry]:
        """Entries of the caller's tenant, newest first; for admins that no scope limits."""
        authorize_unlimited(caller, "settings:manage")
        return self._store.audit(caller.tenant_id, limit, offset)

"""What the audit log says of changes that files made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from engine.asset_files import FOLDER
from engine.definition_plan import TESTS_ONLY, Action, Change
from engine.model import Caller
from engine.ports import AuditEntry

_AUDIT: Mapping[Action, str] = {
    "create": "api.create",
    "update": "api.publish",
    "delete": "api.delete",
}
_ASSET_AUDIT: Mapping[Action, str] = {
    "create": "asset.publish",
    "update": "asset.publish",
    "delete": "asset.delete",
}


def audit_entry(
    change: Change, caller: Caller, words: Mapping[str, Mapping[Action, str]]
) -> AuditEntry:
    """The entry of one change.

    Args:
        change: As planned; its name begins with the folder of its kind, unless it is an API.
        caller: Who applied it.
        words: What is done to other things than APIs and assets, by the folder of their kind.
    """
    folder, _, name = change.name.rpartition("/")
    actions = {**words, "": _AUDIT, FOLDER: _ASSET_AUDIT}[folder]
    return AuditEntry(
        tenant_id=caller.tenant_id,
        actor=caller.subject,
        action="test.apply" if change.fields == TESTS_ONLY else actions[change.action],
        target=name,
        at=datetime.now(UTC),
        detail={"from": "files", "fields": list(change.fields)},
    )

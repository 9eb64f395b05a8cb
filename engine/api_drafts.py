"""The unpublished work on APIs: one draft each, which nobody loses to another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.definition_fields import authored_fields, changed_definition
from engine.errors import ConflictError, DefinitionInvalidError, NotFoundError
from engine.model import ApiDefinition, ApiDraft, Caller
from engine.ports import DefinitionStore


class ApiDrafts:
    """Keeps drafts; who may do what is asked before."""

    def __init__(self, store: DefinitionStore) -> None:
        self._store = store

    def keep(
        self,
        live: ApiDefinition,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        base_version: int | None = None,
        seen: datetime | None = None,
    ) -> ApiDraft:
        """Store the live fields with these in their place; raises as `refuse_over_others`."""
        stored = self.refuse_over_others(live, caller, seen)
        draft = ApiDraft(
            api_id=live.id,
            fields={**authored_fields(live), **fields},
            base_version=live.version if base_version is None else base_version,
            updated_by=caller.subject,
            updated_at=datetime.now(UTC),
        )
        return self._store.save_draft(caller.tenant_id, draft, over=stored)

    def refuse_over_others(
        self, live: ApiDefinition, caller: Caller, seen: datetime | None
    ) -> ApiDraft | None:
        """The draft there is; raises ConflictError when it is another's and was not seen."""
        stored = self._store.draft(caller.tenant_id, live.id)
        if stored is None or stored.updated_by == caller.subject or stored.updated_at == seen:
            return stored
        raise ConflictError(
            f"{stored.updated_by} has unpublished changes to {live.api_name!r}, saved at "
            f"{stored.updated_at:%Y-%m-%d %H:%M:%S} UTC",
            details={"updated_by": stored.updated_by, "updated_at": stored.updated_at.isoformat()},
            hint="Load that draft to go on with it, or ask its author to publish or discard it.",
        )

    def ends_with(self, published: ApiDefinition, caller: Caller) -> bool:
        """Whether publishing ends the draft: it is the publisher's, or is what was published."""
        draft = self._store.draft(caller.tenant_id, published.id)
        if draft is None or draft.updated_by == caller.subject:
            return True
        try:
            drafted = changed_definition(published, draft.fields)
        except DefinitionInvalidError:
            return False
        return authored_fields(drafted) == authored_fields(published)


def no_draft(api: ApiDefinition) -> NotFoundError:
    """What to raise where there is none."""
    return NotFoundError(f"{api.api_name!r} has no unpublished changes")

"""The life of API definitions: create, change, publish, roll back, switch, delete, check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from engine.api_drafts import ApiDrafts, no_draft
from engine.auth import authorize
from engine.catalog import ApiCatalog
from engine.compilation import Compiler
from engine.definition_diff import diff_definitions
from engine.definition_fields import (
    authored_fields,
    changed_definition,
    new_definition,
)
from engine.errors import ConflictError
from engine.lineage import Lineage
from engine.model import ApiDefinition, ApiDraft, ApiQuery, ApiVersion, Caller, Page
from engine.ports import AuditEntry, ContractFacts, DefinitionStore, SettingStore
from engine.publication import Publication, PublishPreview

_DELETE_ATTEMPTS = 10
"""How often a deletion is checked anew because something was published during the check."""


class ApiManager:
    """Definitions of the caller's tenant.

    Reading needs the role viewer, changing analyst. A key that is limited to some APIs reads and
    changes those alone, and can make no API leave or enter its scope. Every change is one
    transaction, one entry in the audit log and, when it publishes, one version; answers cached for
    the API are dropped.
    """

    def __init__(
        self,
        store: DefinitionStore,
        catalog: ApiCatalog,
        compiler: Compiler,
        audit: SettingStore,
        drop_cached: Callable[[ApiDefinition], object],
        lineage: Lineage,
        publication: Publication,
        *,
        completed: Callable[[Mapping[str, Any], Caller], Mapping[str, Any]] = lambda sent, _: sent,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._compiler = compiler
        self._audit = audit
        self._drop_cached = drop_cached
        self._lineage = lineage
        self._publication = publication
        self._completed = completed
        self._drafts = ApiDrafts(store)

    def get(self, ref: str, caller: Caller) -> ApiDefinition:
        """One definition by name or id; raises NotFoundError."""
        authorize(caller, "apis:read")
        api = self._store.get(caller.tenant_id, ref)
        authorize(caller, "apis:read", api)
        return api

    def search(self, query: ApiQuery, caller: Caller) -> Page[ApiDefinition]:
        """Definitions that match, by name."""
        authorize(caller, "apis:read")
        return self._store.search(caller.tenant_id, query, caller.scope)

    def names(self, caller: Caller) -> Mapping[str, UUID]:
        """Every name of the caller's reach in order, with the id behind it; for pickers."""
        authorize(caller, "apis:read")
        return self._store.names(caller.tenant_id, caller.scope)

    def tags(self, caller: Caller) -> tuple[str, ...]:
        """Every tag that an API of the caller's reach carries, in order."""
        authorize(caller, "apis:read")
        return self._store.tags(caller.tenant_id, caller.scope)

    def drafted(self, apis: Iterable[ApiDefinition], caller: Caller) -> frozenset[UUID]:
        """The ids of those with unpublished work."""
        authorize(caller, "apis:read")
        return self._store.drafted(caller.tenant_id, [api.id for api in apis])

    def create(
        self, fields: Mapping[str, Any], caller: Caller, *, publish: bool = True, note: str = ""
    ) -> ApiDefinition:
        """Add an API, live at once as version 1, or with `publish=False` as a draft.

        Raises:
            DefinitionInvalidError: With every issue; nothing was stored.
            ConflictError: The name is taken.
        """
        authorize(caller, "apis:write")
        fields = self._completed(fields, caller)
        api = new_definition(fields, caller)
        authorize(caller, "apis:write", api)
        contract = ContractFacts()
        if publish:
            columns = self._compiler.compile(api).logic.columns
            contract = ContractFacts(columns=columns)
            api = api.model_copy(update={"version": 1})
        stored = self._store.create(api, note=note or "created", contract=contract)
        if not publish:
            self._drafts.keep(stored, fields, caller)
        self._record(caller, "api.create", stored, publish=publish)
        return stored

    def update(
        self,
        ref: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        publish: bool = True,
        note: str = "",
        expected_version: int | None = None,
        accept_changes: bool = False,
        seen_draft: datetime | None = None,
    ) -> ApiDefinition:
        """Replace the given authored fields and publish, or with `publish=False` keep a draft.

        What the new version breaks is recorded with it (`ApiVersion.breaking`), and so is what a
        replay of logged calls found (`ApiVersion.gate`).

        Args:
            accept_changes: Publish although the API's gate blocks what differs: it is meant.
            seen_draft: When the draft of somebody else was saved that a draft may be written over.

        Raises:
            ConflictError: There is a draft of somebody else; or `expected_version` is no longer
                the live one; or others use the API by the name it would lose; or the new version
                breaks others and this instance refuses that; or the gate blocks it. They are named.
            DefinitionInvalidError: With every issue; what is live stays as it was.
        """
        live = self._writable(ref, caller)
        _refuse_lost_update(live, expected_version)
        changed = changed_definition(live, fields)
        authorize(caller, "apis:write", changed)
        if not publish:
            self._drafts.keep(live, fields, caller, seen=seen_draft)
            return live
        compiled = self._compiler.compile(changed)
        if changed.api_name != live.api_name:
            self._lineage.refuse_if_named(live, caller, to="rename")
        facts = self._publication.facts(live, compiled, caller, accept=accept_changes)
        return self._publish(live, changed, facts, caller, note)

    def publish_draft(
        self,
        ref: str,
        caller: Caller,
        *,
        note: str = "",
        accept_changes: bool = False,
        seen: datetime | None = None,
    ) -> ApiDefinition:
        """Make the draft the live version, as it was saved; ends it.

        Args:
            ref: Name or id of the API.
            caller: Who publishes.
            note: Kept with the version.
            accept_changes: As in `update`.
            seen: When the draft was saved that is meant; needed for one of somebody else.

        Raises:
            NotFoundError: There is no draft.
            ConflictError: It is of somebody else and not the one of `seen`, or somebody published
                since it was begun; or as `update`.
            DefinitionInvalidError: With every issue; what is live stays as it was.
        """
        live = self._writable(ref, caller)
        draft = self._drafts.refuse_over_others(live, caller, seen)
        if draft is None:
            raise no_draft(live)
        return self.update(
            str(live.id),
            draft.fields,
            caller,
            note=note,
            expected_version=draft.base_version,
            accept_changes=accept_changes,
        )

    def _publish(
        self,
        live: ApiDefinition,
        changed: ApiDefinition,
        contract: ContractFacts,
        caller: Caller,
        note: str,
    ) -> ApiDefinition:
        published = self._store.publish(
            changed,
            expected_version=live.version,
            note=note,
            by=caller.subject,
            contract=contract,
            ends_draft=self._drafts.ends_with(changed, caller),
        )
        self._forget(live, published)
        broke = {"breaking": [issue.message for issue in contract.breaking]}
        self._record(
            caller,
            "api.publish",
            published,
            version=published.version,
            **(broke if contract.breaking else {}),
        )
        return published

    def rollback(self, ref: str, version: int, caller: Caller, note: str = "") -> ApiDefinition:
        """Publish a new version equal to an old one.

        No call is replayed: the way back has to be quick, and open also where the gate blocks.
        """
        live = self._writable(ref, caller)
        old = self.version(ref, version, caller).snapshot
        changed = changed_definition(live, authored_fields(old))
        authorize(caller, "apis:write", changed)
        compiled = self._compiler.compile(changed)
        if changed.api_name != live.api_name:
            self._lineage.refuse_if_named(live, caller, to="rename")
        facts = self._publication.contract(live, compiled, caller)
        note = note or f"rollback to version {version}"
        return self._publish(live, changed, facts, caller, note)

    def preview(
        self, ref: str, caller: Caller, fields: Mapping[str, Any] | None = None
    ) -> PublishPreview:
        """What publishing these fields, or the draft without any, would break and change.

        Replays logged calls; needs the role analyst.

        Raises:
            DefinitionInvalidError: With every issue.
        """
        live = self._writable(ref, caller)
        draft = self._store.draft(caller.tenant_id, live.id) if fields is None else None
        changed = changed_definition(live, fields or (draft.fields if draft else {}))
        return self._publication.preview(live, self._compiler.compile(changed), caller)

    def set_active(
        self, ref: str, caller: Caller, *, active: bool, even_if_used: bool = False
    ) -> ApiDefinition:
        """Switch an API on or off; a call of an API that is off is refused with 409.

        Raises:
            ConflictError: It would be off while others use it, who are named; unless
                `even_if_used`.
        """
        live = self._writable(ref, caller)
        if not active and not even_if_used:
            self._lineage.refuse_if_used(live, caller, to="switch off")
        changed = self._store.set_active(caller.tenant_id, live.id, active=active)
        self._forget(live, changed)
        self._record(caller, "api.enable" if active else "api.disable", changed)
        return changed

    def delete(self, ref: str, caller: Caller, *, expected_version: int | None = None) -> None:
        """Remove an API, its versions and its draft; its log rows stay.

        Raises:
            ConflictError: `expected_version` is no longer the live one, or others use the API;
                they are named.
        """
        for _ in range(_DELETE_ATTEMPTS):
            seen = self._store.index(caller.tenant_id)
            live = self._writable(ref, caller)
            _refuse_lost_update(live, expected_version)
            self._lineage.refuse_if_used(live, caller, to="delete")
            if self._store.delete(caller.tenant_id, live.id, seen=seen):
                self._forget(live)
                self._record(caller, "api.delete", live)
                return
        raise ConflictError(
            f"{ref!r} was not deleted: definitions are being published all the time, so nobody "
            "can tell that it is unused",
            hint="Try again in a moment.",
        )

    def draft(self, ref: str, caller: Caller) -> ApiDraft | None:
        """The unpublished work on an API, if any."""
        api = self.get(ref, caller)
        return self._store.draft(caller.tenant_id, api.id)

    def working_copy(self, ref: str, caller: Caller) -> ApiDefinition:
        """The definition as its draft would make it; the live one when there is no draft."""
        live = self.get(ref, caller)
        draft = self._store.draft(caller.tenant_id, live.id)
        return changed_definition(live, draft.fields) if draft else live

    def save_draft(
        self,
        ref: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        base_version: int | None = None,
        seen: datetime | None = None,
    ) -> ApiDraft:
        """Keep work in progress; it need not compile, and what is live stays as it is.

        Args:
            base_version: The version the work was begun from; the live one when left out.
            seen: When the draft was saved that this one is written over.

        Raises:
            ConflictError: There is a draft of somebody else, and it is not the one of `seen`.
        """
        live = self._writable(ref, caller)
        return self._drafts.keep(live, fields, caller, base_version=base_version, seen=seen)

    def drop_draft(self, ref: str, caller: Caller, *, seen: datetime | None = None) -> None:
        """Forget work in progress; raises as `save_draft`."""
        live = self._writable(ref, caller)
        self._drafts.refuse_over_others(live, caller, seen)
        self._store.drop_draft(caller.tenant_id, live.id)

    def versions(self, ref: str, caller: Caller) -> tuple[ApiVersion, ...]:
        """Every published version, newest first."""
        return self._store.versions(caller.tenant_id, self.get(ref, caller).id)

    def version(self, ref: str, version: int, caller: Caller) -> ApiVersion:
        """One published version; raises NotFoundError."""
        return self._store.version(caller.tenant_id, self.get(ref, caller).id, version)

    def diff(self, ref: str, a: int, b: int, caller: Caller) -> dict[str, Any]:
        """How version `b` differs from version `a`."""
        first, second = self.version(ref, a, caller), self.version(ref, b, caller)
        return diff_definitions(first.snapshot, second.snapshot)

    def draft_diff(self, ref: str, caller: Caller) -> dict[str, Any]:
        """How the draft differs from what is live; raises NotFoundError where there is none."""
        live = self.get(ref, caller)
        draft = self._store.draft(caller.tenant_id, live.id)
        if draft is None:
            raise no_draft(live)
        return diff_definitions(live, changed_definition(live, draft.fields))

    def _writable(self, ref: str, caller: Caller) -> ApiDefinition:
        authorize(caller, "apis:write")
        api = self._store.get(caller.tenant_id, ref)
        authorize(caller, "apis:write", api)
        return api

    def _forget(self, *definitions: ApiDefinition) -> None:
        for api in definitions:
            self._catalog.evict(api.tenant_id, api.api_name, str(api.id))
        self._drop_cached(definitions[0])

    def _record(self, caller: Caller, action: str, api: ApiDefinition, **detail: Any) -> None:
        self._audit.add_audit(
            AuditEntry(
                tenant_id=caller.tenant_id,
                actor=caller.subject,
                action=action,
                target=api.api_name,
                at=datetime.now(UTC),
                detail={"api_id": str(api.id), **detail},
            )
        )


def _refuse_lost_update(live: ApiDefinition, expected: int | None) -> None:
    if expected is None or expected == live.version:
        return
    raise ConflictError(
        f"{live.api_name!r} is at version {live.version}, not {expected}: "
        "somebody published meanwhile",
        details={"version": live.version, "expected_version": expected},
        hint="Read it again, look at the difference and repeat the change.",
    )

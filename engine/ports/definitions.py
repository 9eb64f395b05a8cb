"""Where definitions and connections are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from engine.model import (
    ApiDefinition,
    ApiDraft,
    ApiQuery,
    ApiVersion,
    Column,
    Connection,
    Issue,
    Page,
    Scope,
)
from engine.model.alerting import Alert
from engine.model.asset import Asset
from engine.model.cep import Rule
from engine.model.gate import GateReport
from engine.model.screen import Screen
from engine.model.testing import ApiTestCase
from engine.model.tool import Tool
from engine.ports.access import AuditEntry
from engine.ports.assets import AssetChange

Stamp = tuple[UUID, int, bool]
"""Id, published version and `is_active` of an API: what is published changes with it."""


@dataclass(frozen=True, kw_only=True)
class ContractFacts:
    """What is recorded with a version besides its definition; see `ApiVersion`."""

    columns: tuple[Column, ...] | None = None
    breaking: tuple[Issue, ...] = ()
    gate: GateReport | None = None


NO_CONTRACT = ContractFacts()


@dataclass(frozen=True)
class CaseChange:
    """All test cases of an API, as they were read and as they are to be."""

    before: tuple[ApiTestCase, ...]
    after: tuple[ApiTestCase, ...]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change of one rule, screen, tool or alert, made together with others.

    Attributes:
        before: As it was read; None for a new one.
        after: As it is to be; None for one to delete.
    """

    before: Rule | Screen | Tool | Alert | None = None
    after: Rule | Screen | Tool | Alert | None = None


@dataclass(frozen=True, kw_only=True)
class DefinitionChanges:
    """Changes of many definitions that are made together or not at all.

    Attributes:
        created: New definitions; each becomes its version 1.
        published: Definitions with new authored fields; `version` of each is the live one it was
            made from. Drafts stay.
        deleted: Definitions to remove, as they were read.
        begun: New definitions that are not live, each with its draft.
        contracts: What to record with the new versions, by id.
        tests: Changes to the test cases of APIs, by the API's id.
        assets: Changes of assets, in an order in which each can be made.
        deleted_assets: Assets to remove, as they were read.
        edits: Changes of rules, screens, tools and alerts.
    """

    created: tuple[ApiDefinition, ...] = ()
    published: tuple[ApiDefinition, ...] = ()
    deleted: tuple[ApiDefinition, ...] = ()
    begun: tuple[tuple[ApiDefinition, ApiDraft], ...] = ()
    contracts: Mapping[UUID, ContractFacts] = field(default_factory=dict)
    tests: Mapping[UUID, CaseChange] = field(default_factory=dict)
    assets: tuple[AssetChange, ...] = ()
    deleted_assets: tuple[Asset, ...] = ()
    edits: tuple[Edit, ...] = ()


class DefinitionStore(Protocol):
    """API definitions, their drafts and versions; every method is one transaction in one tenant."""

    def get(self, tenant_id: str, ref: str) -> ApiDefinition:
        """The live definition by id or name; raises NotFoundError."""
        ...

    def stamp(self, tenant_id: str, ref: str) -> tuple[UUID, int, bool]:
        """Id, published version and `is_active` of an API, cheaply; raises NotFoundError."""
        ...

    def index(self, tenant_id: str) -> tuple[Stamp, ...]:
        """Id, published version and `is_active` of every API, cheaply."""
        ...

    def search(
        self, tenant_id: str, query: ApiQuery, scope: Scope | None = None
    ) -> Page[ApiDefinition]:
        """Definitions that match, by name; with a scope, those of its patterns and tags."""
        ...

    def names(self, tenant_id: str, scope: Scope | None = None) -> Mapping[str, UUID]:
        """Id by name of every definition, in order; with a scope, of its APIs."""
        ...

    def tags(self, tenant_id: str, scope: Scope | None = None) -> tuple[str, ...]:
        """Every tag that a definition carries, in order; with a scope, those of its APIs."""
        ...

    def drafted(self, tenant_id: str, api_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of the ids whose API has a draft."""
        ...

    def all(self, tenant_id: str) -> tuple[ApiDefinition, ...]:
        """Every definition of a tenant, by name, as of one moment."""
        ...

    def apply(
        self,
        tenant_id: str,
        changes: DefinitionChanges,
        *,
        note: str,
        by: str,
        audit: Sequence[AuditEntry],
    ) -> None:
        """Make all changes and their entries in the audit log in one transaction.

        Raises:
            ConflictError: A definition was published or deleted meanwhile, or a name is taken;
                nothing was changed.
        """
        ...

    def create(
        self, api: ApiDefinition, *, note: str, contract: ContractFacts = NO_CONTRACT
    ) -> ApiDefinition:
        """Insert a definition; with `version` ≥ 1 also its version row.

        Raises:
            ConflictError: The name is taken in this tenant, or an API that it calls was deleted
                meanwhile.
        """
        ...

    def publish(
        self,
        api: ApiDefinition,
        *,
        expected_version: int,
        note: str,
        by: str,
        contract: ContractFacts = NO_CONTRACT,
        ends_draft: bool = True,
    ) -> ApiDefinition:
        """Make `api`'s authored fields live as version `expected_version` + 1.

        Raises:
            ConflictError: Somebody else published meanwhile, or the new name is taken, or an API
                that it calls was deleted meanwhile.
        """
        ...

    def set_active(self, tenant_id: str, api_id: UUID, *, active: bool) -> ApiDefinition:
        """Switch an API on or off."""
        ...

    def set_tool(self, tenant_id: str, api_id: UUID, tool_name: str | None) -> ApiDefinition:
        """Link an API to the tool it is exported as, or unlink it."""
        ...

    def delete(
        self, tenant_id: str, api_id: UUID, *, seen: Collection[Stamp] | None = None
    ) -> bool:
        """Remove an API with its versions and draft; its log rows stay; raises NotFoundError.

        With `seen`, only while `index` still tells the same; False when it does not.
        """
        ...

    def draft(self, tenant_id: str, api_id: UUID) -> ApiDraft | None:
        """The unpublished work on an API, if any."""
        ...

    def save_draft(
        self, tenant_id: str, draft: ApiDraft, *, over: ApiDraft | None = None
    ) -> ApiDraft:
        """Keep unpublished work; replaces the draft `over`, or the author's own.

        Raises:
            ConflictError: Somebody else saved a draft meanwhile.
        """
        ...

    def drop_draft(self, tenant_id: str, api_id: UUID) -> None:
        """Forget unpublished work."""
        ...

    def versions(self, tenant_id: str, api_id: UUID) -> tuple[ApiVersion, ...]:
        """All versions, newest first."""
        ...

    def version(self, tenant_id: str, api_id: UUID, version: int) -> ApiVersion:
        """One version; raises NotFoundError."""
        ...


class ConnectionStore(Protocol):
    """Connections added by users; a DSN is stored encrypted or as `env:NAME`."""

    def all(self, tenant_id: str) -> tuple[Connection, ...]:
        """Every stored connection of a tenant, by name."""
        ...

    def save(self, connection: Connection) -> None:
        """Add or replace."""
        ...

    def delete(self, tenant_id: str, name: str) -> None:
        """Remove; raises NotFoundError."""
        ...

"""Where assets are kept, and how references to them are followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from engine.model.asset import (
    Asset,
    AssetDraft,
    AssetQuery,
    AssetRef,
    AssetVersion,
    PublishedAsset,
)
from engine.model.definition import Page


@dataclass(frozen=True, kw_only=True)
class AssetChange:
    """A change of one asset among many that are made together.

    Attributes:
        asset: With the fields to publish; its `version` is the published one it was made from.
        publish: Whether it becomes a new version; otherwise only labels move.
        is_new: Whether there was none of its name.
        labels: The labels to point at the version that there is then.
    """

    asset: Asset
    publish: bool
    is_new: bool
    labels: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The published version after the change."""
        return self.asset.version + self.publish


class AssetLookup(Protocol):
    """Follows references."""

    def find(self, tenant_id: str, ref: AssetRef) -> PublishedAsset | None:
        """The version a reference leads to; None where there is none."""
        ...

    def versions_of(self, tenant_id: str, refs: Sequence[AssetRef]) -> tuple[int | None, ...]:
        """The version that each reference leads to now, cheaply; None where there is none."""
        ...


class AssetStore(AssetLookup, Protocol):
    """Assets, their drafts, versions and labels; each method is one transaction in one tenant."""

    def get(self, tenant_id: str, ref: str) -> Asset:
        """An asset by id or name; raises NotFoundError."""
        ...

    def search(self, tenant_id: str, query: AssetQuery) -> Page[Asset]:
        """Assets that match, by name."""
        ...

    def all(self, tenant_id: str) -> tuple[Asset, ...]:
        """Every asset of a tenant, by name, as of one moment."""
        ...

    def create(self, asset: Asset, draft: AssetDraft) -> Asset:
        """Insert an asset that was never published, with its draft.

        Raises:
            ConflictError: The name is taken.
        """
        ...

    def draft(self, tenant_id: str, asset_id: UUID) -> AssetDraft | None:
        """The unpublished work, if any."""
        ...

    def save_draft(
        self,
        tenant_id: str,
        draft: AssetDraft,
        *,
        expected_version: int | None = None,
        over: AssetDraft | None = None,
    ) -> Asset:
        """Keep unpublished work; replaces the draft `over`, or the author's own.

        Raises:
            ConflictError: `expected_version` is no longer the published one, or somebody else
                saved a draft meanwhile.
        """
        ...

    def drop_draft(self, tenant_id: str, asset_id: UUID) -> Asset:
        """Forget unpublished work on an asset that is published.

        Raises:
            ConflictError: The draft is all there is of it.
        """
        ...

    def publish(
        self, asset: Asset, *, expected_version: int, note: str, by: str, keep_draft: bool = False
    ) -> Asset:
        """Make the fields of `asset` its version `expected_version` + 1; ends the draft.

        Raises:
            ConflictError: Somebody else published meanwhile.
        """
        ...

    def set_label(self, tenant_id: str, asset_id: UUID, label: str, version: int) -> Asset:
        """Let a label point at a version; raises NotFoundError for a version that is not there."""
        ...

    def drop_label(self, tenant_id: str, asset_id: UUID, label: str) -> Asset:
        """Remove a label; raises NotFoundError."""
        ...

    def delete(
        self, tenant_id: str, asset_id: UUID, *, expected_version: int | None = None
    ) -> None:
        """Remove an asset with its versions, labels and draft; raises as `save_draft`."""
        ...

    def versions(self, tenant_id: str, asset_id: UUID) -> tuple[AssetVersion, ...]:
        """All versions, newest first."""
        ...

    def version(self, tenant_id: str, asset_id: UUID, version: int) -> AssetVersion:
        """One version; raises NotFoundError."""
        ...

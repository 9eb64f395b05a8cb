"""The life of assets: create, change, publish, label, roll back, compare, delete; and their use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from engine.asset_check import ContentCheck
from engine.asset_fields import as_draft, changed_draft, diff_versions, new_asset
from engine.asset_users import AssetUse, AssetUsers
from engine.asset_values import authorize_assets
from engine.errors import (
    BadRequestError,
    ConflictError,
    DefinitionInvalidError,
)
from engine.model import (
    ApiDefinition,
    Caller,
    Issue,
    Page,
)
from engine.model.asset import (
    ASSET_FIELDS,
    Asset,
    AssetDraft,
    AssetQuery,
    AssetRef,
    AssetType,
    AssetVersion,
    PublishedAsset,
)
from engine.ports import AssetStore, AuditEntry, SettingStore


class AssetRegistry:
    """Assets of the caller's tenant.

    Reading needs the role viewer, changing analyst. A key that is limited to some APIs can do
    neither: what stands in an asset belongs to every API that names it. What is published is never
    changed; a change makes a draft, which publishing makes the next version. Content that cannot
    be used is refused whenever it is saved, and a version or label that would break an API which
    is published is refused before it takes effect.
    """

    def __init__(
        self,
        store: AssetStore,
        check: ContentCheck,
        users: AssetUsers,
        audit: SettingStore,
        forget: Callable[[ApiDefinition], object],
    ) -> None:
        self._store = store
        self._check = check
        self._users = users
        self._audit = audit
        self._forget = forget

    def get(self, ref: str, caller: Caller) -> Asset:
        """One asset by name or id; raises NotFoundError."""
        authorize_assets(caller, "assets:read")
        return self._store.get(caller.tenant_id, ref)

    def search(self, query: AssetQuery, caller: Caller) -> Page[Asset]:
        """Assets that match, by name."""
        authorize_assets(caller, "assets:read")
        return self._store.search(caller.tenant_id, query)

    def tags(self, caller: Caller) -> tuple[str, ...]:
        """Every tag that an asset carries, in order."""
        authorize_assets(caller, "assets:read")
        every = self._store.all(caller.tenant_id)
        return tuple(sorted({tag for asset in every for tag in asset.tags}))

    def create(
        self, fields: Mapping[str, Any], caller: Caller, *, publish: bool = False, note: str = ""
    ) -> Asset:
        """Add an asset as a draft, or with `publish` as version 1.

        Raises:
            DefinitionInvalidError: With every issue; nothing was stored.
            ConflictError: The name is taken.
        """
        authorize_assets(caller, "assets:write")
        asset = new_asset(fields, caller)
        self._check.check(caller.tenant_id, asset.name, asset.asset_type, asset.content)
        stored = self._store.create(asset, _draft_of(asset, caller))
        self._record(caller, "asset.create", stored, asset_type=stored.asset_type)
        return self.publish(str(stored.id), caller, note=note or "created") if publish else stored

    def update(
        self,
        ref: str,
        fields: Mapping[str, Any],
        caller: Caller,
        *,
        expected_version: int | None = None,
        seen: datetime | None = None,
    ) -> Asset:
        """Replace the given fields in the draft; what is published stays as it is.

        Args:
            ref: Name or id of the asset.
            fields: What to replace.
            caller: Who does.
            expected_version: The published version that the work was begun from.
            seen: When the draft of somebody else was saved that this one is written over.

        Raises:
            DefinitionInvalidError: With every issue; the draft stays as it was.
            ConflictError: `expected_version` is no longer the published one; or there is a draft
                of somebody else, and it is not the one of `seen`.
        """
        asset = self._writable(ref, caller)
        stored = self._refuse_over_others(asset, caller, seen)
        draft = changed_draft(stored or as_draft(asset), fields, caller)
        self._check.check(caller.tenant_id, asset.name, asset.asset_type, draft.content)
        return self._store.save_draft(
            caller.tenant_id, draft, expected_version=expected_version, over=stored
        )

    def draft(self, ref: str, caller: Caller) -> AssetDraft | None:
        """The unpublished work on an asset, if any."""
        return self._store.draft(caller.tenant_id, self.get(ref, caller).id)

    def working_copy(self, ref: str, caller: Caller) -> AssetDraft:
        """The draft, or what is published as one could begin to change it."""
        return self._working_copy(self.get(ref, caller))

    def drop_draft(self, ref: str, caller: Caller, *, seen: datetime | None = None) -> Asset:
        """Forget unpublished work.

        Raises:
            ConflictError: There is nothing else; or it is of somebody else and not that of `seen`.
        """
        asset = self._writable(ref, caller)
        self._refuse_over_others(asset, caller, seen)
        return self._store.drop_draft(caller.tenant_id, asset.id)

    def publish(
        self,
        ref: str,
        caller: Caller,
        *,
        note: str = "",
        expected_version: int | None = None,
        seen: datetime | None = None,
    ) -> Asset:
        """Make the draft the next version; APIs that follow the latest follow at once.

        Raises:
            ConflictError: There is no draft; or it is of somebody else and not that of `seen`; or
                somebody else published meanwhile, or APIs that are published would break; they
                are named.
            DefinitionInvalidError: The draft cannot be used any more.
        """
        asset = self._writable(ref, caller)
        draft = self._refuse_over_others(asset, caller, seen)
        if draft is None:
            raise ConflictError(
                f"asset {asset.name!r} has no unpublished changes",
                hint="Change it first: that makes a draft.",
            )
        known = asset.version if expected_version is None else expected_version
        return self._publish(asset, draft, caller, note=note, expected_version=known)

    def rollback(self, ref: str, version: int, caller: Caller, *, note: str = "") -> Asset:
        """Publish a new version equal to an old one; the draft stays."""
        asset = self._writable(ref, caller)
        old = self._store.version(caller.tenant_id, asset.id, version)
        draft = changed_draft(
            as_draft(asset), {name: getattr(old, name) for name in ASSET_FIELDS}, caller
        )
        note = note or f"rollback to version {version}"
        return self._publish(
            asset, draft, caller, note=note, expected_version=asset.version, keep_draft=True
        )

    def versions(self, ref: str, caller: Caller) -> tuple[AssetVersion, ...]:
        """Every published version, newest first."""
        return self._store.versions(caller.tenant_id, self.get(ref, caller).id)

    def version(self, ref: str, version: int, caller: Caller) -> AssetVersion:
        """One published version; raises NotFoundError."""
        return self._store.version(caller.tenant_id, self.get(ref, caller).id, version)

    def diff(self, ref: str, a: int, b: int, caller: Caller) -> dict[str, Any]:
        """How version `b` differs from version `a`."""
        return diff_versions(self.version(ref, a, caller), self.version(ref, b, caller))

    def set_label(self, ref: str, label: str, version: int, caller: Caller) -> Asset:
        """Let a label point at a version; APIs that follow the label follow at once.

        Raises:
            BadRequestError: The label is no name.
            NotFoundError: There is no such version.
            ConflictError: APIs that are published would break; they are named.
        """
        asset = self._writable(ref, caller)
        if not _is_label(label):
            raise BadRequestError(
                f"{label!r} is no label: use up to 32 lower-case letters, digits, '-' and '_', "
                "beginning with a letter"
            )
        target = self._store.version(caller.tenant_id, asset.id, version)
        planned = _published(asset, version, target.content)
        self._users.refuse_if_broken(asset, {f"{asset.name}@{label}": planned})
        labelled = self._store.set_label(caller.tenant_id, asset.id, label, version)
        self._forget_users(asset)
        self._record(caller, "asset.label", asset, label=label, version=version)
        return labelled

    def drop_label(self, ref: str, label: str, caller: Caller) -> Asset:
        """Remove a label; raises ConflictError while an API follows it."""
        asset = self._writable(ref, caller)
        followers = self._users.followers(asset, label)
        if followers:
            names = ", ".join(repr(name) for name in followers)
            raise ConflictError(
                f"label {label!r} of asset {asset.name!r} is followed by {names}",
                details={"used_by": list(followers)},
                hint="Let them follow something else first.",
            )
        changed = self._store.drop_label(caller.tenant_id, asset.id, label)
        self._record(caller, "asset.unlabel", asset, label=label)
        return changed

    def delete(self, ref: str, caller: Caller, *, expected_version: int | None = None) -> None:
        """Remove an asset with its versions; raises ConflictError, naming what uses it."""
        asset = self._writable(ref, caller)
        self._users.refuse_if_used(asset)
        self._store.delete(caller.tenant_id, asset.id, expected_version=expected_version)
        self._record(caller, "asset.delete", asset)

    def used_by(self, ref: str, caller: Caller) -> tuple[AssetUse, ...]:
        """Everything that uses an asset, directly or through other assets."""
        return self._users.of(self.get(ref, caller))

    def check(
        self, name: str, asset_type: AssetType, content: Mapping[str, Any], caller: Caller
    ) -> tuple[Issue, ...]:
        """Everything wrong with a content that is not saved; never raises for a wrong one."""
        authorize_assets(caller, "assets:read")
        try:
            return self._check.check(caller.tenant_id, name, asset_type, content)
        except DefinitionInvalidError as error:
            return error.issues

    def _publish(
        self,
        asset: Asset,
        draft: AssetDraft,
        caller: Caller,
        *,
        note: str,
        expected_version: int,
        keep_draft: bool = False,
    ) -> Asset:
        self._check.check(caller.tenant_id, asset.name, asset.asset_type, draft.content)
        planned = _published(asset, asset.version + 1, draft.content)
        self._users.refuse_if_broken(asset, {asset.name: planned})
        changed = asset.model_copy(
            update={
                **{name: getattr(draft, name) for name in ASSET_FIELDS},
                "updated_at": datetime.now(UTC),
            }
        )
        published = self._store.publish(
            changed,
            expected_version=expected_version,
            note=note,
            by=caller.subject,
            keep_draft=keep_draft,
        )
        self._forget_users(asset)
        self._record(caller, "asset.publish", published, version=published.version)
        return published

    def _refuse_over_others(
        self, asset: Asset, caller: Caller, seen: datetime | None
    ) -> AssetDraft | None:
        """The draft there is; raises ConflictError when it is another's and was not seen."""
        stored = self._store.draft(asset.tenant_id, asset.id)
        if stored is None or stored.updated_by == caller.subject or stored.updated_at == seen:
            return stored
        raise ConflictError(
            f"{stored.updated_by} has unpublished changes to asset {asset.name!r}, saved at "
            f"{stored.updated_at:%Y-%m-%d %H:%M:%S} UTC",
            details={"updated_by": stored.updated_by, "updated_at": stored.updated_at.isoformat()},
            hint="Load that draft to go on with it, or ask its author to publish or discard it.",
        )

    def _working_copy(self, asset: Asset) -> AssetDraft:
        return self._store.draft(asset.tenant_id, asset.id) or as_draft(asset)

    def _writable(self, ref: str, caller: Caller) -> Asset:
        authorize_assets(caller, "assets:write")
        return self._store.get(caller.tenant_id, ref)

    def _forget_users(self, asset: Asset) -> None:
        for api in self._users.apis(asset):
            self._forget(api)

    def _record(self, caller: Caller, action: str, asset: Asset, **detail: Any) -> None:
        self._audit.add_audit(
            AuditEntry(
                tenant_id=caller.tenant_id,
                actor=caller.subject,
                action=action,
                target=asset.name,
                at=datetime.now(UTC),
                detail={"asset_id": str(asset.id), **detail},
            )
        )


def _is_label(label: str) -> bool:
    try:
        return AssetRef(asset="a", label=label).label == label
    except ValidationError:
        return False


def _draft_of(asset: Asset, caller: Caller) -> AssetDraft:
    return as_draft(asset).model_copy(update={"updated_by": caller.subject})


def _published(asset: Asset, version: int, content: Mapping[str, Any]) -> PublishedAsset:
    return PublishedAsset(
        name=asset.name, asset_type=asset.asset_type, version=version, content=content
    )

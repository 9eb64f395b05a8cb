"""What applying files of assets would change, told before anything is checked or done."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.asset_files import FOLDER, AssetFile, asset_text
from engine.asset_references import assets_in_content, named_assets
from engine.asset_resolution import PlannedAssets
from engine.definition_plan import Action, Change
from engine.errors import BadRequestError, ConflictError, DefinitionInvalidError
from engine.model import ApiDefinition, Caller, Issue
from engine.model.asset import ASSET_FIELDS, Asset, AssetRef, PublishedAsset
from engine.ports import AssetChange, AssetLookup

_EARLIER = "an asset keeps its type: it was a {was}, and the file says {now}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPlan:
    """What files make of the assets of a tenant.

    Attributes:
        changes: In the order of names.
        unchanged: Names of the assets that are as their files say.
        others: Names of the published assets that have no file and stay.
        commit: In an order in which each can be saved.
        deleted: What is removed.
        after: The published assets that there will be, by name.
        planned: What references would lead to then, by their texts.
    """

    changes: tuple[Change, ...] = ()
    unchanged: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    commit: tuple[AssetChange, ...] = ()
    deleted: tuple[Asset, ...] = ()
    after: Mapping[str, Asset] = field(default_factory=dict)
    planned: Mapping[str, PublishedAsset] = field(default_factory=dict)

    def over(self, below: AssetLookup) -> PlannedAssets:
        """The assets as they would be."""
        return PlannedAssets(self.planned, below, {asset.name for asset in self.deleted})

    def users_of(self, api: ApiDefinition) -> tuple[str, ...]:
        """The assets that will get their value from an API."""
        refs = (api.api_name, str(api.id))
        return tuple(
            _name(asset.name)
            for asset in self.after.values()
            if asset.asset_type == "resolver" and asset.content.get("api") in refs
        )

    def refuse_orphans(self, apis: Sequence[ApiDefinition]) -> None:
        """Raise ConflictError when something that is deleted is named by something that stays.

        Args:
            apis: The published APIs that there will be.
        """
        for gone in self.deleted:
            users = [
                *(api.api_name for api in apis if gone.name in named_assets(api)),
                *(
                    _name(asset.name)
                    for asset in self.after.values()
                    if gone.name in assets_in_content(asset.asset_type, asset.content)
                ),
            ]
            if users:
                raise still_used(_name(gone.name), users)


def planned_assets(
    files: Sequence[AssetFile], live: Sequence[Asset], caller: Caller, *, prune: bool
) -> AssetPlan:
    """What these files make of the live assets; drafts stay.

    Args:
        files: As `read_assets` reads them.
        live: Every asset of the caller's tenant.
        caller: Who applies them.
        prune: Delete the published assets that have no file.

    Raises:
        DefinitionInvalidError: A file gives an asset another type.
    """
    known = {asset.name: asset for asset in live}
    commit = [
        change
        for file in files
        if (change := _change(file, known.get(file.name), caller)) is not None
    ]
    changed = {each.asset.name: each.asset for each in commit}
    planned: dict[str, PublishedAsset] = {}
    for each in commit:
        planned |= _leads_to(each)
    said = {file.name for file in files}
    others = [asset for asset in live if asset.version and asset.name not in said]
    deleted = others if prune else []
    changes = [
        *(_told(each, known.get(each.asset.name)) for each in commit),
        *(_told_gone(asset) for asset in deleted),
    ]
    gone = {asset.name for asset in deleted}
    stays = {name: asset for name, asset in known.items() if asset.version and name not in gone}
    return AssetPlan(
        changes=tuple(sorted(changes, key=lambda change: change.name)),
        unchanged=tuple(sorted(_name(name) for name in said - changed.keys())),
        others=() if prune else tuple(_name(asset.name) for asset in others),
        commit=tuple(commit),
        deleted=tuple(deleted),
        after={**stays, **changed},
        planned=planned,
    )


def still_used(name: str, users: Sequence[str]) -> ConflictError:
    """What to raise for something that would be deleted while others use it."""
    names = ", ".join(repr(user) for user in users)
    return ConflictError(
        f"{name!r} cannot be deleted: it is used by {names}",
        details={"used_by": list(users)},
        hint="Delete or change what uses it as well.",
    )


def assets_of_files(files: Sequence[AssetFile]) -> FileAssets:
    """The assets of a folder by themselves, for checking it without an instance."""
    return FileAssets({file.name: file.asset() for file in files})


class FileAssets:
    """Follows references among files: which version is meant only an instance could tell."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        self._assets = assets

    def find(self, tenant_id: str, ref: AssetRef) -> PublishedAsset | None:  # noqa: ARG002 - the port's
        """What the file of that name says, whatever version is asked for."""
        asset = self._assets.get(ref.asset)
        return None if asset is None else _published(asset, ref.version or 1)

    def versions_of(self, tenant_id: str, refs: Sequence[AssetRef]) -> tuple[int | None, ...]:
        """The versions that `find` gives."""
        found = (self.find(tenant_id, ref) for ref in refs)
        return tuple(None if asset is None else asset.version for asset in found)


def touched_by(
    changes: Sequence[AssetChange | Asset], apis: Sequence[ApiDefinition]
) -> frozenset[str]:
    """Names of the published APIs that name an asset, when any is changed or deleted."""
    if not changes:
        return frozenset()
    return frozenset(api.api_name for api in apis if api.version and named_assets(api))


def needed_by(apis: Sequence[ApiDefinition], assets: Sequence[Asset]) -> tuple[Asset, ...]:
    """The published assets that these APIs stand on, directly or through others."""
    by_name = {asset.name: asset for asset in assets if asset.version}
    pending = {name for api in apis for name in named_assets(api)} & by_name.keys()
    found: set[str] = set()
    while pending:
        name = pending.pop()
        found.add(name)
        inner = assets_in_content(by_name[name].asset_type, by_name[name].content)
        pending |= (inner & by_name.keys()) - found
    return tuple(by_name[name] for name in sorted(found))


def _change(file: AssetFile, live: Asset | None, caller: Caller) -> AssetChange | None:
    said = file.asset(caller)
    if live is None:
        return AssetChange(asset=said, publish=True, is_new=True, labels=file.labels)
    if live.asset_type != said.asset_type:
        issue = Issue(
            code="asset_type",
            message=_EARLIER.format(was=live.asset_type, now=said.asset_type),
            path="asset_type",
        )
        located = file.located(issue)
        raise DefinitionInvalidError(located.message, issues=(located,))
    fields = {name: getattr(said, name) for name in ASSET_FIELDS}
    publish = not live.version or fields != {name: getattr(live, name) for name in ASSET_FIELDS}
    version = live.version + publish
    labels = tuple(label for label in file.labels if live.labels.get(label) != version)
    if not publish and not labels:
        return None
    changed = live.model_copy(update={**fields, "updated_at": said.updated_at})
    return AssetChange(asset=changed, publish=publish, is_new=False, labels=labels)


def _leads_to(change: AssetChange) -> dict[str, PublishedAsset]:
    asset = _published(change.asset, change.version)
    texts = [f"{asset.name}@{label}" for label in change.labels]
    if change.publish:
        texts += [asset.name, f"{asset.name}@{asset.version}"]
    return dict.fromkeys(texts, asset)


def _published(asset: Asset, version: int) -> PublishedAsset:
    return PublishedAsset(
        name=asset.name, asset_type=asset.asset_type, version=version, content=asset.content
    )


def _told(change: AssetChange, before: Asset | None) -> Change:
    action: Action = "create" if before is None else "update"
    after = change.asset.model_copy(
        update={"version": change.version, "labels": _labels(change, before)}
    )
    diff = _diff(change.asset.name, before if before and before.version else None, after)
    fields = tuple(
        name
        for name in ASSET_FIELDS
        if before is None or getattr(before, name) != getattr(change.asset, name)
    )
    said = (*fields, "labels") if change.labels else fields
    return Change(action=action, name=_name(change.asset.name), fields=said, diff=diff)


def _told_gone(asset: Asset) -> Change:
    diff = _diff(asset.name, asset, None)
    return Change(action="delete", name=_name(asset.name), diff=diff)


def _diff(name: str, before: Asset | None, after: Asset | None) -> str:
    file = f"{_name(name)}.yaml"
    lines = difflib.unified_diff(
        asset_text(before).splitlines() if before else [],
        asset_text(after).splitlines() if after else [],
        f"live/{file}" if before else "/dev/null",
        f"folder/{file}" if after else "/dev/null",
        lineterm="",
    )
    return "\n".join(lines)


def _labels(change: AssetChange, before: Asset | None) -> dict[str, int]:
    kept = dict(before.labels) if before else {}
    return {**kept, **dict.fromkeys(change.labels, change.version)}


def _name(asset: str) -> str:
    return f"{FOLDER}/{asset}"


def refuse_bad_labels(files: Sequence[AssetFile]) -> None:
    """Raise BadRequestError for a label that is no name."""
    for file in files:
        for label in file.labels:
            try:
                AssetRef(asset=file.name, label=label)
            except ValueError as error:
                raise BadRequestError(f"{_name(file.name)}.yaml: {label!r} is no label") from error

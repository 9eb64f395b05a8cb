"""What uses an asset, and what a change of it would break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.asset_references import assets_in_content, named_assets
from engine.asset_resolution import AssetResolver, PlannedAssets
from engine.compilation import Compiler
from engine.errors import ConflictError, DefinitionInvalidError
from engine.lineage import Lineage, Use
from engine.model import ApiDefinition
from engine.model.asset import Asset, AssetQuery, PublishedAsset
from engine.ports import AssetStore, DefinitionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetUse:
    """One thing that uses an asset.

    Attributes:
        kind: An API, or another asset.
        name: Of the user.
        parts: Where it names the asset: its policy, its body, places of templates.
        via: The assets in between, for an API that names another asset which names this one.
    """

    kind: Literal["api", "asset"]
    name: str
    parts: tuple[str, ...] = ()
    via: tuple[str, ...] = ()


class AssetUsers:
    """Looks at the published APIs and at the assets of a tenant."""

    def __init__(
        self,
        store: AssetStore,
        definitions: DefinitionStore,
        lineage: Lineage,
        compiler: Compiler,
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._lineage = lineage
        self._compiler = compiler

    def of(self, asset: Asset) -> tuple[AssetUse, ...]:
        """Everything that uses an asset: assets first, each by name."""
        between = self._assets_using(asset)
        return (
            *(AssetUse(kind="asset", name=name, parts=("content",)) for name in sorted(between)),
            *self._apis_using(asset, between),
        )

    def apis(self, asset: Asset) -> tuple[ApiDefinition, ...]:
        """The published APIs that stand on an asset, directly or through others."""
        names = {use.name for use in self.of(asset) if use.kind == "api"}
        return tuple(self._definitions.get(asset.tenant_id, name) for name in sorted(names))

    def followers(self, asset: Asset, label: str) -> tuple[str, ...]:
        """Names of the published APIs that follow a label of an asset."""
        resolver = AssetResolver(self._store)
        return tuple(
            api.api_name
            for api in self.apis(asset)
            if f"{asset.name}@{label}" in _followed(resolver, api)
        )

    def refuse_if_used(self, asset: Asset) -> None:
        """Raise ConflictError, naming the users, unless there are none."""
        uses = self.of(asset)
        if not uses:
            return
        names = ", ".join(f"{use.kind} {use.name!r}" for use in uses)
        raise ConflictError(
            f"asset {asset.name!r} is used by {names}",
            details={"used_by": [{"kind": use.kind, "name": use.name} for use in uses]},
            hint="Change what uses it first; then delete it.",
        )

    def refuse_if_broken(self, asset: Asset, planned: Mapping[str, PublishedAsset]) -> None:
        """Raise ConflictError, naming them, when APIs could not be compiled any more.

        Args:
            asset: What is about to change.
            planned: What references would lead to then, by their texts.
        """
        compiler = self._compiler.over(PlannedAssets(planned, self._store))
        broken = {}
        for api in self.apis(asset):
            try:
                compiler.compile(api)
            except DefinitionInvalidError as error:
                if self._compiles(api):
                    broken[api.api_name] = error.message
        if broken:
            names = ", ".join(repr(name) for name in broken)
            raise ConflictError(
                f"this would break {names}, which stand on asset {asset.name!r}: "
                f"{next(iter(broken.values()))}",
                details={"breaks": broken},
                hint="Pin those APIs to a version, or change them first.",
            )

    def _compiles(self, api: ApiDefinition) -> bool:
        try:
            self._compiler.compile(api)
        except DefinitionInvalidError:
            return False
        return True

    def _assets_using(self, asset: Asset) -> frozenset[str]:
        """Names of the assets that name this one, in what can be referred to, or in a draft."""
        return frozenset(
            other.name
            for other in self._store.all(asset.tenant_id)
            if other.id != asset.id and asset.name in self._named_by(other)
        )

    def _named_by(self, asset: Asset) -> frozenset[str]:
        older = set(asset.labels.values()) - {asset.version}
        contents = [asset.content]
        contents += [
            self._store.version(asset.tenant_id, asset.id, number).content for number in older
        ]
        draft = self._store.draft(asset.tenant_id, asset.id) if asset.has_draft else None
        contents += [draft.content] if draft else []
        return frozenset().union(*(assets_in_content(asset.asset_type, each) for each in contents))

    def _apis_using(self, asset: Asset, between: frozenset[str]) -> Iterator[AssetUse]:
        resolver = AssetResolver(self._store)
        for name in self._lineage.apis_with_assets(asset.tenant_id):
            api = self._definitions.get(asset.tenant_id, name)
            named = named_assets(api)
            if asset.name in named:
                yield AssetUse(kind="api", name=name, parts=named[asset.name])
                continue
            if between and asset.name in _names(_followed(resolver, api)):
                yield AssetUse(kind="api", name=name, via=tuple(sorted(named)))


class ResolverUsers:
    """Tells the lineage which assets name an API."""

    def __init__(self, store: AssetStore) -> None:
        self._store = store

    def users_of(self, tenant_id: str, refs: tuple[str, str]) -> tuple[Use, ...]:
        """The resolvers that name an API by name or id."""
        page = self._store.search(tenant_id, AssetQuery(asset_type="resolver", limit=500))
        return tuple(
            Use(kind="resolver", name=asset.name)
            for asset in page.items
            if asset.content.get("api") in refs
        )


def _followed(resolver: AssetResolver, api: ApiDefinition) -> frozenset[str]:
    """The references that a definition stands on, as texts."""
    try:
        return frozenset(str(pin.ref) for pin in resolver.resolve(api).pins)
    except DefinitionInvalidError:
        return frozenset()


def _names(refs: frozenset[str]) -> frozenset[str]:
    return frozenset(ref.partition("@")[0] for ref in refs)

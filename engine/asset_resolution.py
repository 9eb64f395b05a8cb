"""Puts in place of references to assets what they lead to, before a definition is compiled."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.asset_content import QueryContent, SourceContent, parse_content
from engine.asset_mappings import NO_MAPPINGS, Mappings
from engine.asset_references import (
    MappingRead,
    body_ref,
    body_tree,
    mapping_reads,
    names_an_asset,
    policy_ref,
)
from engine.errors import DefinitionInvalidError
from engine.model import ApiDefinition, Issue, RuntimePolicy
from engine.model.asset import AssetRef, AssetType, PublishedAsset
from engine.ports import AssetLookup
from engine.templates import Template, compile_template

_POLICY_REFS = frozenset({"asset", "version", "label"})


@dataclass(frozen=True, slots=True)
class Pin:
    """A reference, and the version it led to when it was followed."""

    ref: AssetRef
    version: int

    def __str__(self) -> str:
        return f"{self.ref.asset}@{self.version}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A definition as it runs, the mappings it reads, and every reference that was followed."""

    definition: ApiDefinition
    mappings: Mappings = NO_MAPPINGS
    pins: tuple[Pin, ...] = ()


class AssetResolver:
    """Follows the references of definitions; keeps nothing, thread-safe."""

    def __init__(self, assets: AssetLookup) -> None:
        self._assets = assets

    def resolve(self, api: ApiDefinition) -> Resolved:
        """The definition with the policy, statement and mappings of the assets it names.

        Raises:
            DefinitionInvalidError: With every reference that leads nowhere.
        """
        return _Resolution(self._assets, api).resolved()

    def effective(self, api: ApiDefinition) -> ApiDefinition:
        """The definition as it runs; as it stands where a reference leads nowhere."""
        try:
            return self.resolve(api).definition
        except DefinitionInvalidError:
            return api

    def is_current(self, tenant_id: str, pins: Sequence[Pin]) -> bool:
        """Whether every reference still leads to the same version; one cheap question."""
        if not pins:
            return True
        now = self._assets.versions_of(tenant_id, [pin.ref for pin in pins])
        return now == tuple(pin.version for pin in pins)


def merged_policy(asset: Mapping[str, Any], policy: RuntimePolicy) -> RuntimePolicy:
    """The policy of an asset with the fields that are set in `policy` on top."""
    own = policy.model_dump(mode="json", exclude_unset=True, exclude=set(_POLICY_REFS))
    return RuntimePolicy.model_validate(_on_top(asset, own))


class _Resolution:
    """The resolution of one definition; used once."""

    def __init__(self, assets: AssetLookup, api: ApiDefinition) -> None:
        self._assets = assets
        self._api = api
        self._issues: list[Issue] = []
        self._found: dict[str, PublishedAsset] = {}
        self._pins: dict[str, Pin] = {}

    def resolved(self) -> Resolved:
        changes = {**self._policy(), **self._statement()}
        tree = body_tree(self._api.logic_type, self._api.logic_body)
        mappings = self._mappings(tuple(mapping_reads(tree)))
        if self._issues:
            first = self._issues[0]
            raise DefinitionInvalidError(
                f"{self._api.api_name!r}: {first.message}", issues=tuple(self._issues)
            )
        definition = self._api.model_copy(update=changes) if changes else self._api
        return Resolved(definition, mappings, tuple(self._pins.values()))

    def _policy(self) -> dict[str, Any]:
        policy = self._api.runtime_policy
        asset = self._follow(lambda: policy_ref(policy), "policy", "runtime_policy.asset")
        if asset is None:
            return {}
        return {"runtime_policy": merged_policy(asset.content, policy)}

    def _statement(self) -> dict[str, Any]:
        if not names_an_asset(self._api.logic_type, self._api.logic_body):
            return {}
        asset = self._follow(lambda: body_ref(self._api.logic_body), "query", "logic_body")
        if asset is None:
            return {}
        content = parse_content("query", asset.content)
        if not isinstance(content, QueryContent):
            raise TypeError("a query asset holds a query")
        return {
            "logic_body": content.sql,
            "connection": self._api.connection or self._connection(content, asset.name),
        }

    def _connection(self, content: QueryContent, query: str) -> str | None:
        if content.source is None:
            return content.connection
        source = self._follow(
            lambda: content.source, "source", "logic_body", f"query {query!r} runs on "
        )
        parsed = parse_content("source", source.content) if source else None
        return parsed.connection if isinstance(parsed, SourceContent) else None

    def _mappings(self, reads: tuple[MappingRead, ...]) -> Mappings:
        if not reads:
            return NO_MAPPINGS
        templates: dict[str, dict[str, Template]] = {}
        for read in reads:
            self._read_mapping(read, templates)
        return Mappings(templates)

    def _read_mapping(self, read: MappingRead, templates: dict[str, dict[str, Template]]) -> None:
        if not read.source:
            self._refuse(read.path, "name the mapping: {{ mappings.<name>.<key> }}")
            return
        asset = self._follow(lambda: AssetRef.parse(read.source), "mapping", read.path)
        if asset is None:
            return
        kept = templates.setdefault(read.source, {})
        keys = list(asset.content) if read.key is None else [read.key]
        for key in keys:
            if key not in asset.content:
                self._refuse(
                    read.path,
                    f"mapping {asset.name!r} has no key {key!r}",
                    _near(key, asset.content),
                )
            elif key not in kept:
                kept[key] = compile_template(asset.content[key], f"mappings.{read.source}.{key}")
                self._check_params(kept[key], asset.name, read.path)
                for inner in mapping_reads(asset.content[key], read.path):
                    self._read_mapping(inner, templates)

    def _check_params(self, template: Template, mapping: str, path: str) -> None:
        for used in sorted(template.paths, key=str):
            if used[0] == "params" and len(used) > 1 and used[1] not in self._api.param_schema:
                self._refuse(
                    path,
                    f"mapping {mapping!r} reads params.{used[1]}, which is no parameter here",
                )

    def _follow(
        self,
        ref_of: Callable[[], AssetRef | None],
        wanted: AssetType,
        path: str,
        prefix: str = "",
    ) -> PublishedAsset | None:
        try:
            ref = ref_of()
        except ValueError as error:
            self._refuse(path, f"no reference to an asset: {error}")
            return None
        if ref is None:
            return None
        key = str(ref)
        asset = self._found.get(key) or self._assets.find(self._api.tenant_id, ref)
        if asset is None:
            self._refuse(path, f"{prefix}{_missing(ref)}", code="unknown_asset")
            return None
        if asset.asset_type != wanted:
            self._refuse(
                path, f"{prefix}asset {asset.name!r} is a {asset.asset_type}, not a {wanted}"
            )
            return None
        self._found[key] = asset
        self._pins[key] = Pin(ref, asset.version)
        return asset

    def _refuse(
        self, path: str, message: str, suggestion: str | None = None, code: str = "invalid_asset"
    ) -> None:
        issue = Issue(code=code, message=message, path=path or None, suggestion=suggestion)
        self._issues.append(issue)


def _missing(ref: AssetRef) -> str:
    if ref.label is not None:
        return f"asset {ref.asset!r}, or its label {ref.label!r}, does not exist"
    if ref.version is not None:
        return f"asset {ref.asset!r}, or its version {ref.version}, does not exist"
    return f"there is no published asset {ref.asset!r}"


def _near(key: str, keys: Mapping[str, Any]) -> str | None:
    close = difflib.get_close_matches(key, list(keys), 1)
    return f"did you mean {close[0]!r}?" if close else None


def _on_top(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two JSON objects merged, group by group; masked columns and all else as they are above."""
    return {**below, **dict(_merged_items(below, above))}


def _merged_items(below: Mapping[str, Any], above: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in above.items():
        before = below.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and name != "columns":
            yield name, _on_top(before, value)
        else:
            yield name, value


class PlannedAssets:
    """Assets as they would be after a change.

    Args:
        planned: What references would lead to, by their texts (`name`, `name@production`).
        below: Where every other reference leads; nowhere when there is nothing below.
        gone: Names of the assets that would no longer be there.
    """

    def __init__(
        self,
        planned: Mapping[str, PublishedAsset],
        below: AssetLookup | None = None,
        gone: Collection[str] = (),
    ) -> None:
        self._planned = planned
        self._below = below
        self._gone = gone

    def find(self, tenant_id: str, ref: AssetRef) -> PublishedAsset | None:
        """The version a reference would lead to; None where there would be none."""
        found = self._planned.get(str(ref))
        if found is None and self._below is not None and ref.asset not in self._gone:
            return self._below.find(tenant_id, ref)
        return found

    def versions_of(self, tenant_id: str, refs: Sequence[AssetRef]) -> tuple[int | None, ...]:
        """The version that each reference would lead to."""
        found = (self.find(tenant_id, ref) for ref in refs)
        return tuple(None if asset is None else asset.version for asset in found)


NO_ASSETS = PlannedAssets({})
"""A registry in which there is nothing."""

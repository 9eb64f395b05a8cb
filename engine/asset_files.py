"""Reads and writes assets kept as files: one YAML file each, named after the asset.

assets/gentle.yaml          asset_type, description, tags, content, and the labels that point
                            at the version which says the same
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.asset_content import parse_content
from engine.asset_fields import new_asset
from engine.asset_references import assets_in_content
from engine.definition_text import to_yaml
from engine.errors import DefinitionInvalidError
from engine.model import Caller, Issue
from engine.model.asset import Asset
from engine.named_files import invalid, located, parse_fields, read_each
from engine.yaml_source import YamlSource

FOLDER = "assets"
"""Where the assets lie in a folder of definitions."""
_READER = Caller(subject="definitions", kind="system")
_FIELDS = frozenset({"asset_type", "description", "tags", "content", "labels"})


@dataclass(frozen=True, slots=True)
class AssetFile:
    """One asset as read."""

    path: Path
    fields: Mapping[str, Any]
    labels: tuple[str, ...]
    source: YamlSource = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The asset's name."""
        return self.path.stem

    @property
    def said(self) -> dict[str, Any]:
        """What the file says, as `said_of_asset` says it of an asset."""
        return _said(self.asset(), self.labels)

    def asset(self, caller: Caller = _READER) -> Asset:
        """The asset that the file says, with an id of its own; never published."""
        return new_asset(self.fields, caller)

    def located(self, issue: Issue) -> Issue:
        """The same finding with the line it is on; its message begins with file and line."""
        return located(self.path, self.source, issue)


def read_assets(
    folder: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> tuple[AssetFile, ...]:
    """Read every asset of a folder, those first that others need; none without a folder.

    Raises:
        DefinitionInvalidError: With one issue for every mistake in any file; each message begins
            with file and line.
    """
    return _needed_first(read_each(folder, read_asset, variables))


def asset_text(asset: Asset) -> str:
    """The file of an asset; always the same for the same asset."""
    return to_yaml(said_of_asset(asset))


def said_of_asset(asset: Asset) -> dict[str, Any]:
    """What a file says of an asset, with the labels that point at its published version."""
    labels = (name for name, version in asset.labels.items() if version == asset.version)
    return _said(asset, labels)


def read_asset(path: Path, text: str) -> AssetFile:
    """Read one asset from the text of its file; raises as `read_assets`."""
    source = parse_fields(path, text, "an asset")
    said = source.value
    unknown = sorted(set(said) - _FIELDS)
    if unknown:
        line = source.line_of((unknown[0],))
        raise invalid(path, line, f"{unknown[0]!r} is none of {', '.join(sorted(_FIELDS))}")
    labels = said.get("labels") or []
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        raise invalid(path, source.line_of(("labels",)), "labels is a list of names")
    fields = {"name": path.stem, **{name: said[name] for name in said if name != "labels"}}
    file = AssetFile(path, fields, tuple(labels), source)
    try:
        asset = file.asset()
        parse_content(asset.asset_type, asset.content)
    except DefinitionInvalidError as error:
        issues = tuple(map(file.located, error.issues))
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error
    return file


def _said(asset: Asset, labels: Iterable[str]) -> dict[str, Any]:
    fields = {
        "asset_type": asset.asset_type,
        "description": asset.description,
        "tags": list(asset.tags),
        "content": dict(asset.content),
        "labels": sorted(labels),
    }
    return {name: value for name, value in fields.items() if value not in ("", [], {})}


def _needed_first(files: Sequence[AssetFile]) -> tuple[AssetFile, ...]:
    """In an order in which each can be saved; files that need each other as they are."""
    by_name = {file.name: file for file in files}
    needs = {
        file.name: [
            name
            for name in assets_in_content(file.asset().asset_type, file.fields["content"])
            if name in by_name
        ]
        for file in files
    }
    try:
        return tuple(by_name[name] for name in TopologicalSorter(needs).static_order())
    except CycleError:
        return tuple(files)

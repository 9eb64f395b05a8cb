"""Reads and writes assets kept as files: one YAML file each, named after the asset.

assets/gentle.yaml          asset_type, description, tags, content, and the labels that point
                            at the version which says the same
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from engine.asset_content import parse_content
from engine.asset_fields import new_asset
from engine.asset_references import assets_in_content
from engine.definition_text import to_yaml
from engine.errors import DefinitionInvalidError
from engine.model import Caller, Issue
from engine.model.asset import Asset
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

    def asset(self, caller: Caller = _READER) -> Asset:
        """The asset that the file says, with an id of its own; never published."""
        return new_asset(self.fields, caller)

    def located(self, issue: Issue) -> Issue:
        """The same finding with the line it is on; its message begins with file and line."""
        line = self.source.line_of(tuple((issue.path or "").split(".")))
        message = f"{FOLDER}/{self.path.name}:{line}: {issue.message}"
        return issue.model_copy(update={"message": message, "line": line})


def read_assets(
    folder: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> tuple[AssetFile, ...]:
    """Read every asset of a folder, those first that others stand on; none without a folder.

    Raises:
        DefinitionInvalidError: With one issue for every mistake in any file; each message begins
            with file and line.
    """
    issues: list[Issue] = []
    files: list[AssetFile] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            files.append(read_asset(path, variables))
        except DefinitionInvalidError as error:
            issues += error.issues
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        raise DefinitionInvalidError(f"{issues[0].message}{more}", issues=tuple(issues))
    return _needed_first(files)


def asset_text(asset: Asset) -> str:
    """The file of a published asset; always the same for the same asset."""
    labels = [label for label, version in asset.labels.items() if version == asset.version]
    said = {
        "asset_type": asset.asset_type,
        "description": asset.description,
        "tags": list(asset.tags),
        "content": dict(asset.content),
        "labels": labels,
    }
    return to_yaml({name: value for name, value in said.items() if value not in ("", [])})


def read_asset(path: Path, variables: Mapping[str, str] = MappingProxyType({})) -> AssetFile:
    """Read one asset; raises as `read_assets`."""
    source = _parse(path, variables)
    said = source.value
    unknown = sorted(set(said) - _FIELDS)
    if unknown:
        line = source.line_of((unknown[0],))
        raise _invalid(path, line, f"{unknown[0]!r} is none of {', '.join(sorted(_FIELDS))}")
    labels = said.get("labels") or []
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        raise _invalid(path, source.line_of(("labels",)), "labels is a list of names")
    fields = {"name": path.stem, **{name: said[name] for name in said if name != "labels"}}
    file = AssetFile(path, fields, tuple(labels), source)
    try:
        asset = file.asset()
        parse_content(asset.asset_type, asset.content)
    except DefinitionInvalidError as error:
        issues = tuple(file.located(issue) for issue in error.issues)
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error
    return file


def _parse(path: Path, variables: Mapping[str, str]) -> YamlSource:
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(path, 1, f"cannot be read: {error}") from error
    for name, value in variables.items():
        text = text.replace(f"${{{name}}}", value)
    try:
        source = YamlSource.parse(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _invalid(path, line, error.problem or "not YAML") from error
    if not isinstance(source.value, dict):
        raise _invalid(path, 1, "an asset is a mapping of fields to values")
    return source


def _invalid(path: Path, line: int, problem: str) -> DefinitionInvalidError:
    message = f"{FOLDER}/{path.name}:{line}: {problem}"
    issue = Issue(code="invalid_file", message=message, line=line, path=path.name)
    return DefinitionInvalidError(message, issues=(issue,))


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

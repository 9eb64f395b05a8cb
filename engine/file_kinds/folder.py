"""A folder of definitions with everything in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from engine.asset_files import FOLDER as ASSETS
from engine.asset_files import AssetFile, read_assets
from engine.definitions import DefinitionFile, read_folder
from engine.errors import DefinitionInvalidError
from engine.file_kinds.alerts import AlertKind
from engine.file_kinds.kind import FileKind
from engine.file_kinds.rules import RuleKind
from engine.file_kinds.screens import ScreenKind
from engine.file_kinds.tools import ToolKind
from engine.model import Issue
from engine.named_files import NamedFile, read_each, refuse_errors

Read = TypeVar("Read")
KINDS: tuple[FileKind[Any], ...] = (RuleKind(), ScreenKind(), ToolKind(), AlertKind())


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What a folder says; everything in an order in which each can be saved.

    Attributes:
        apis, assets: Those that others need come first.
        named: The rules, screens, tools and alerts, by the folder of their kind.
    """

    apis: tuple[DefinitionFile, ...] = ()
    assets: tuple[AssetFile, ...] = ()
    named: Mapping[str, tuple[NamedFile, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.apis) + len(self.assets) + sum(map(len, self.named.values()))


def read_definitions(folder: Path, variables: Mapping[str, str] = MappingProxyType({})) -> Folder:
    """Read everything in a folder; `${name}` stands for the variable of that name, if there is one.

    Raises:
        DefinitionInvalidError: With one issue for every mistake in any file; each message begins
            with file and line.
    """
    issues: list[Issue] = []
    apis = _read(lambda: read_folder(folder, variables), issues)
    assets = _read(lambda: read_assets(folder / ASSETS, variables), issues)
    named = {kind.folder: _named(folder, kind, variables, issues) for kind in KINDS}
    refuse_errors(issues)
    return Folder(apis=apis, assets=assets, named=named)


def _named(
    folder: Path, kind: FileKind[Any], variables: Mapping[str, str], issues: list[Issue]
) -> tuple[NamedFile, ...]:
    return _read(lambda: read_each(folder / kind.folder, kind.read, variables), issues)


def _read(read: Callable[[], tuple[Read, ...]], issues: list[Issue]) -> tuple[Read, ...]:
    try:
        return read()
    except DefinitionInvalidError as error:
        issues += error.issues
        return ()

"""Writes definitions into a folder, leaving alone what the files there say already."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from engine.asset_files import FOLDER, AssetFile, asset_text, read_asset
from engine.definition_fields import authored_fields, new_definition
from engine.definition_tests import read_cases, said_cases
from engine.definition_text import file_fields, merged_yaml, same, to_yaml
from engine.definitions import (
    BODY_SUFFIX,
    READER,
    DefinitionFile,
    read_file,
    substituted,
    yaml_files,
)
from engine.errors import BadRequestError
from engine.model import ApiDefinition
from engine.model.asset import ASSET_FIELDS, Asset
from engine.model.testing import CaseFields
from engine.yaml_source import YamlSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """Names of the APIs whose files were written, were right already, or belong to no API."""

    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def write_folder(
    folder: Path,
    apis: Sequence[ApiDefinition],
    variables: Mapping[str, str] = MappingProxyType({}),
    *,
    tests: Mapping[UUID, Sequence[CaseFields]] = MappingProxyType({}),
) -> ExportReport:
    """Write a YAML file and a body for each API; files of other APIs stay.

    The test cases of an API (`tests`, by its id) stand in its YAML file.

    A file that says the same as its API stays byte for byte. In one that does not, what differs
    is replaced; comments, order and formatting of the rest stay. Nothing is written unless every
    file that is there could be read.

    Raises:
        DefinitionInvalidError: A file that is there is broken; names file and line.
        BadRequestError: The folder cannot be written.
    """
    present = {path.stem: path for path in yaml_files(folder)} if folder.exists() else {}
    texts = {
        api.api_name: _texts(folder, _said(api, tests), api, present, variables) for api in apis
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for changed in texts.values():
            for path, text in changed.items():
                _replace(path, text)
    except OSError as error:
        raise BadRequestError(f"{folder} cannot be written: {error.strerror}") from error
    return ExportReport(
        written=tuple(name for name, changed in texts.items() if changed),
        unchanged=tuple(name for name, changed in texts.items() if not changed),
        others=tuple(sorted(present.keys() - texts.keys())),
    )


def write_assets(
    folder: Path,
    assets: Sequence[Asset],
    variables: Mapping[str, str] = MappingProxyType({}),
) -> ExportReport:
    """Write a YAML file for each asset, in a folder of their own; raises as `write_folder`.

    A file that says the same as its asset stays byte for byte.
    """
    changed: dict[Path, str] = {}
    for asset in assets:
        path = folder / FOLDER / f"{asset.name}.yaml"
        if not path.exists() or not _says(read_asset(path, variables), asset):
            changed[path] = asset_text(asset)
    try:
        for path, text in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
    except OSError as error:
        raise BadRequestError(f"{folder} cannot be written: {error.strerror}") from error
    written = {path.stem for path in changed}
    return ExportReport(
        written=tuple(f"{FOLDER}/{each.name}" for each in assets if each.name in written),
        unchanged=tuple(f"{FOLDER}/{each.name}" for each in assets if each.name not in written),
    )


def joined(a: ExportReport, b: ExportReport) -> ExportReport:
    """Two reports as one."""
    return ExportReport(
        written=(*a.written, *b.written),
        unchanged=(*a.unchanged, *b.unchanged),
        others=(*a.others, *b.others),
    )


def _says(file: AssetFile, asset: Asset) -> bool:
    said = file.asset()
    labels = {label for label, version in asset.labels.items() if version == asset.version}
    return (
        said.asset_type == asset.asset_type
        and all(getattr(said, name) == getattr(asset, name) for name in ASSET_FIELDS)
        and set(file.labels) == labels
    )


def _texts(
    folder: Path,
    wanted: Mapping[str, Any],
    api: ApiDefinition,
    present: Mapping[str, Path],
    variables: Mapping[str, str],
) -> dict[Path, str]:
    """The files to write for one API, with their texts."""
    path = present.get(api.api_name)
    if path is None:
        path = folder / f"{api.api_name}.yaml"
        body = path.with_suffix(BODY_SUFFIX[api.logic_type])
        return {path: to_yaml(wanted), body: api.logic_body}
    return _changes(read_file(path, variables), wanted, api, variables)


def _changes(
    file: DefinitionFile,
    wanted: Mapping[str, Any],
    api: ApiDefinition,
    variables: Mapping[str, str],
) -> dict[Path, str]:
    before = file.definition()
    said = file_fields(before) | _tests_part(file.tests)
    is_the_same = same(said.get("tests"), wanted.get("tests"))
    if is_the_same and same(authored_fields(before), authored_fields(api)):
        return {}
    changed = {}
    if file.body_path is None:
        said["logic_body"] = before.logic_body
        wanted = {**wanted, "logic_body": api.logic_body}
    elif before.logic_body != api.logic_body or before.logic_type != api.logic_type:
        changed[file.path.with_suffix(BODY_SUFFIX[api.logic_type])] = api.logic_body
    if not same(said, wanted):
        changed[file.path] = _merged(file.path, said, wanted, variables)
    return changed


def _merged(
    path: Path,
    said: Mapping[str, object],
    wanted: Mapping[str, object],
    variables: Mapping[str, str],
) -> str:
    """The file's text changed to say `wanted`, or a text of its own where that cannot be done.

    It cannot where one change shows in two places (anchors) or the order of parameters changed.
    """
    merged = merged_yaml(path.read_bytes().decode(), said, wanted)
    read = YamlSource.parse(substituted(merged, variables)).value
    fields = {"api_name": path.stem, "logic_body": "", **read}
    tests = read_cases(fields.pop("tests", {}))
    says = file_fields(new_definition(fields, READER)) | _tests_part(tests)
    if "logic_body" in wanted:
        says["logic_body"] = fields["logic_body"]
    return merged if same(says, wanted) else to_yaml(wanted)


def _said(api: ApiDefinition, tests: Mapping[UUID, Sequence[CaseFields]]) -> Mapping[str, Any]:
    return file_fields(api) | _tests_part(tests.get(api.id, ()))


def _tests_part(cases: Sequence[CaseFields]) -> dict[str, Any]:
    return {"tests": said_cases(cases)} if cases else {}


def _replace(path: Path, text: str) -> None:
    """Put a text in a file's place at once: whoever reads it sees the old text or the new one."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(text.encode())
    part = Path(new.name)
    try:
        part.chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
        part.replace(path)
    except OSError:
        part.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

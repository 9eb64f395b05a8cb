"""Writes definitions into a folder, leaving alone what the files there say already."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from engine.definition_fields import authored_fields, new_definition
from engine.definition_tests import read_cases, said_cases
from engine.definition_text import file_fields, merged_yaml, same, to_yaml
from engine.definitions import (
    BODY_SUFFIX,
    READER,
    DefinitionFile,
    read_file,
    yaml_files,
)
from engine.errors import BadRequestError
from engine.model import ApiDefinition
from engine.model.testing import CaseFields
from engine.named_files import read_text, substituted
from engine.yaml_source import YamlSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """Names of what was written, was right already, or has a file and is not there."""

    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Said(Protocol):
    """A file as read, by what it says."""

    @property
    def said(self) -> Mapping[str, Any]:
        """Its fields, without those that are as by default."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Things other than APIs, each with a file in a folder of its kind.

    Attributes:
        folder: Where they lie in the folder of the APIs.
        read: Reads a file, given its path and its text; raises DefinitionInvalidError.
        said: What is to be said of each, by name.
    """

    folder: str
    read: Callable[[Path, str], Said]
    said: Mapping[str, Mapping[str, Any]]


def write_folder(
    folder: Path,
    apis: Sequence[ApiDefinition],
    variables: Mapping[str, str] = MappingProxyType({}),
    *,
    tests: Mapping[UUID, Sequence[CaseFields]] = MappingProxyType({}),
    beside: Sequence[Beside] = (),
    step: Callable[[str], object] = lambda _: None,
) -> ExportReport:
    """Write a YAML file and a body for each API, and a file for each thing; other files stay.

    The test cases of an API (`tests`, by its id) stand in its YAML file.

    A file that says the same as its API or thing stays byte for byte. In one that does not, what
    differs is replaced; comments, order and formatting of the rest stay. Nothing is written unless
    every file that is there could be read. `step` is told the name of each as its turn comes.

    Raises:
        DefinitionInvalidError: A file that is there is broken; names file and line.
        BadRequestError: The folder cannot be written.
    """
    present = {path.stem: path for path in yaml_files(folder)} if folder.exists() else {}
    texts: dict[str, dict[Path, str]] = {}
    for api in apis:
        step(api.api_name)
        texts[api.api_name] = _texts(folder, _said(api, tests), api, present, variables)
    others = sorted(present.keys() - texts.keys())
    for kind in beside:
        for name, wanted in kind.said.items():
            step(f"{kind.folder}/{name}")
            path = folder / kind.folder / f"{name}.yaml"
            texts[f"{kind.folder}/{name}"] = _named_text(path, wanted, kind, variables)
        there = {path.stem for path in (folder / kind.folder).glob("*.yaml")}
        others += [f"{kind.folder}/{name}" for name in sorted(there - kind.said.keys())]
    _write(folder, texts)
    return ExportReport(
        written=tuple(name for name, changed in texts.items() if changed),
        unchanged=tuple(name for name, changed in texts.items() if not changed),
        others=tuple(others),
    )


def _write(folder: Path, texts: Mapping[str, Mapping[Path, str]]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for changed in texts.values():
            for path, text in changed.items():
                path.parent.mkdir(exist_ok=True)
                _replace(path, text)
    except OSError as error:
        raise BadRequestError(f"{folder} cannot be written: {error.strerror}") from error


def _named_text(
    path: Path, wanted: Mapping[str, Any], kind: Beside, variables: Mapping[str, str]
) -> dict[Path, str]:
    """The file to write for one thing, unless it is there and says the same."""
    if not path.exists():
        return {path: to_yaml(wanted)}
    said = kind.read(path, read_text(path, variables)).said
    if same(said, wanted):
        return {}
    merged = merged_yaml(path.read_bytes().decode(), said, wanted)
    says = kind.read(path, substituted(merged, variables)).said
    return {path: merged if same(says, wanted) else to_yaml(wanted)}


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

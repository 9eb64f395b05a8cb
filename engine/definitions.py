"""Reads API definitions kept as files: one YAML file each, its body beside it.

    delays-by-carrier.yaml      every authored field but the body; the file's name is the API's
    delays-by-carrier.sql       the body; .py for a script, .json for an HTTP API or a workflow

A short body may stand in the YAML file itself, as `logic_body`. Test cases stand there as `tests`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from engine.definition_fields import new_definition
from engine.definition_tests import read_cases, refuse_secrets
from engine.errors import DefinitionInvalidError
from engine.model import ApiDefinition, Caller, Issue
from engine.model.definition import AUTHORED_FIELDS
from engine.model.testing import CaseFields
from engine.named_files import substituted
from engine.references import called_apis
from engine.yaml_source import YamlSource

BODY_SUFFIX: Mapping[str, str] = {
    "sql": ".sql",
    "http": ".json",
    "script": ".py",
    "python": ".py",
    "workflow": ".json",
}
YAML_SUFFIXES = frozenset({".yaml", ".yml"})
READER = Caller(subject="definitions", kind="system")
"""In whose name definitions are read that belong to nobody yet."""
_IN_YAML = frozenset(AUTHORED_FIELDS) - {"logic_body"} | {"tests"}


@dataclass(frozen=True, slots=True)
class DefinitionFile:
    """One definition as read: authored fields and body, fit for `ApiManager.create`.

    `body_path` is None where the body stands in the YAML file itself; `tests` come by name.
    """

    path: Path
    fields: Mapping[str, Any]
    source: YamlSource = field(repr=False, compare=False)
    body_path: Path | None
    tests: tuple[CaseFields, ...] = ()

    @property
    def name(self) -> str:
        """The API's name."""
        return self.path.stem

    def definition(self, caller: Caller = READER) -> ApiDefinition:
        """The definition that the file says, with an id of its own; never published."""
        return new_definition(self.fields, caller)

    def located(self, issue: Issue) -> Issue:
        """The same finding with the line it is on; its message begins with file and line."""
        parts = tuple(part for part in re.split(r"[.\[\]]+", issue.path or "") if part)
        if parts and parts[0] in _IN_YAML:
            return _at(self.path, self.source.line_of(parts), issue)
        if self.body_path is None:
            return _at(self.path, _inline_line(self.source, parts, issue.line), issue)
        line = issue.line or _json_line(str(self.fields["logic_body"]), parts)
        return _at(self.body_path, line, issue)


def read_folder(
    folder: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> tuple[DefinitionFile, ...]:
    """Read every definition of a folder, those first that others call.

    `${name}` in a file is replaced by the variable of that name, where there is one.

    Raises:
        DefinitionInvalidError: With one issue for every mistake in any file; each message begins
            with file and line.
    """
    issues: list[Issue] = []
    files: list[DefinitionFile] = []
    for path in yaml_files(folder):
        try:
            files.append(read_file(path, variables))
        except DefinitionInvalidError as error:
            issues += error.issues
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        raise DefinitionInvalidError(f"{issues[0].message}{more}", issues=tuple(issues))
    return _callees_first(files)


def yaml_files(folder: Path) -> list[Path]:
    """The files of a folder that say definitions, by name."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in YAML_SUFFIXES)
    except OSError as error:
        raise _invalid(folder, 0, f"the folder cannot be read: {error.strerror}") from error


def read_file(path: Path, variables: Mapping[str, str] = MappingProxyType({})) -> DefinitionFile:
    """Read one definition and its body; raises as `read_folder`."""
    twin = path.with_suffix(".yaml")
    if path.suffix == ".yml" and twin.exists():
        raise _invalid(path, 0, f"{twin.name} defines {path.stem!r} already")
    return _read(path, variables)


def _read(path: Path, variables: Mapping[str, str]) -> DefinitionFile:
    source = _parse(path, variables)
    fields = {"api_name": path.stem, **source.value}
    if fields["api_name"] != path.stem:
        line = source.line_of(("api_name",))
        raise _invalid(path, line, f"api_name is not the file's name, {path.stem!r}")
    body_path = None
    if "logic_body" not in fields:
        body_path = _body_path(path, source)
        fields["logic_body"] = _read_text(body_path, variables)
    written_tests = fields.pop("tests", {})
    try:
        tests = read_cases(written_tests)
        file = DefinitionFile(path, fields, source, body_path, tests)
        _refuse_secret_values(file)
    except DefinitionInvalidError as error:
        issues = tuple(_at(path, _yaml_line(source, issue), issue) for issue in error.issues)
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error
    return file


def _refuse_secret_values(file: DefinitionFile) -> None:
    api = file.definition()
    for case in file.tests:
        refuse_secrets(api, case, place=f"tests.{case.name}.")


def _parse(path: Path, variables: Mapping[str, str]) -> YamlSource:
    try:
        source = YamlSource.parse(_read_text(path, variables))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _invalid(path, line, error.problem or "not YAML") from error
    if not isinstance(source.value, dict):
        raise _invalid(path, 1, "a definition is a mapping of fields to values")
    return source


def _body_path(path: Path, source: YamlSource) -> Path:
    suffix = BODY_SUFFIX.get(str(source.value.get("logic_type")))
    if suffix is None:
        line = source.line_of(("logic_type",))
        raise _invalid(path, line, "logic_type is one of sql, http, script, workflow")
    return path.with_suffix(suffix)


def _read_text(path: Path, variables: Mapping[str, str]) -> str:
    try:
        # Bytes, so that the line ends of a body stay what they are.
        text = path.read_bytes().decode()
    except OSError as error:
        raise _invalid(path, 0, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _invalid(path, 0, f"is not UTF-8: byte {error.start}") from error
    return substituted(text, variables)


def _yaml_line(source: YamlSource, issue: Issue) -> int:
    return source.line_of(tuple((issue.path or "").split(".")))


def _inline_line(source: YamlSource, parts: tuple[str, ...], line: int | None) -> int:
    if line is not None and source.is_block(("logic_body",)):
        return source.line_of(("logic_body",)) + line
    return source.line_of(("logic_body", *parts))


def _json_line(body: str, parts: tuple[str, ...]) -> int:
    """The line of a value in a JSON text, as YAML reads it; the first where YAML cannot."""
    try:
        return YamlSource.parse(body).line_of(parts) if parts else 1
    except yaml.YAMLError:
        return 1


def _at(path: Path, line: int, issue: Issue) -> Issue:
    message = f"{path.name}:{line}: {issue.message}"
    return issue.model_copy(update={"message": message, "line": line})


def _invalid(path: Path, line: int, problem: str) -> DefinitionInvalidError:
    where = f"{path.name}:{line}" if line else str(path)
    message = f"{where}: {problem}"
    issue = Issue(code="invalid_file", message=message, line=line or None, path=path.name)
    return DefinitionInvalidError(message, issues=(issue,))


def _callees_first(files: list[DefinitionFile]) -> tuple[DefinitionFile, ...]:
    """In an order in which each can be saved; files of workflows that call each other as they are.

    Saving refuses such workflows, and says so better than a reader of files can.
    """
    by_name = {file.name: file for file in files}
    sorter = TopologicalSorter(
        {file.name: [name for name in _called(file) if name in by_name] for file in files}
    )
    try:
        return tuple(by_name[name] for name in sorter.static_order())
    except CycleError:
        return tuple(files)


def _called(file: DefinitionFile) -> tuple[str, ...]:
    return tuple(called_apis(file.fields["logic_type"], file.fields["logic_body"]))

"""Reads API definitions kept as files: one YAML file each, its body beside it.

    delays-by-carrier.yaml      every authored field but the body; the file's name is the API's
    delays-by-carrier.sql       the body; .py for a script, .json for an HTTP API or a workflow

A short body may stand in the YAML file itself, as `logic_body`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from engine.definition_fields import new_definition
from engine.errors import DefinitionInvalidError
from engine.model import Caller, Issue
from engine.yaml_source import YamlSource

BODY_SUFFIX: Mapping[str, str] = {
    "sql": ".sql",
    "http": ".json",
    "script": ".py",
    "python": ".py",
    "workflow": ".json",
}
_READER = Caller(subject="definitions", kind="system")


@dataclass(frozen=True, slots=True)
class DefinitionFile:
    """One definition as read: authored fields and body, fit for `ApiManager.create`."""

    path: Path
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The API's name."""
        return self.path.stem


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
    for path in _yaml_files(folder):
        try:
            files.append(_read(path, variables))
        except DefinitionInvalidError as error:
            issues += error.issues
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        raise DefinitionInvalidError(f"{issues[0].message}{more}", issues=tuple(issues))
    return _callees_first(files)


def _yaml_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    except OSError as error:
        raise _invalid(folder, 0, f"the folder cannot be read: {error.strerror}") from error


def _read(path: Path, variables: Mapping[str, str]) -> DefinitionFile:
    source = _parse(path, variables)
    fields = {"api_name": path.stem, **source.value}
    if fields["api_name"] != path.stem:
        line = source.line_of(("api_name",))
        raise _invalid(path, line, f"api_name is not the file's name, {path.stem!r}")
    if "logic_body" not in fields:
        fields["logic_body"] = _read_body(path, source, variables)
    try:
        new_definition(fields, _READER)
    except DefinitionInvalidError as error:
        raise _located(path, source, error) from error
    return DefinitionFile(path, fields)


def _parse(path: Path, variables: Mapping[str, str]) -> YamlSource:
    try:
        source = YamlSource.parse(_read_text(path, variables))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _invalid(path, line, error.problem or "not YAML") from error
    if not isinstance(source.value, dict):
        raise _invalid(path, 1, "a definition is a mapping of fields to values")
    return source


def _read_body(path: Path, source: YamlSource, variables: Mapping[str, str]) -> str:
    suffix = BODY_SUFFIX.get(str(source.value.get("logic_type")))
    if suffix is None:
        line = source.line_of(("logic_type",))
        raise _invalid(path, line, "logic_type is one of sql, http, script, workflow")
    return _read_text(path.with_suffix(suffix), variables)


def _read_text(path: Path, variables: Mapping[str, str]) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _invalid(path, 0, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _invalid(path, 0, f"is not UTF-8: byte {error.start}") from error
    for name, value in variables.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _located(path: Path, source: YamlSource, error: DefinitionInvalidError) -> Exception:
    issues = tuple(issue.model_copy(update=_place(path, source, issue)) for issue in error.issues)
    return DefinitionInvalidError(issues[0].message, issues=issues)


def _place(path: Path, source: YamlSource, issue: Issue) -> dict[str, Any]:
    line = source.line_of(tuple((issue.path or "").split(".")))
    return {"message": f"{path.name}:{line}: {issue.message}", "line": line}


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


def _called(file: DefinitionFile) -> Iterator[str]:
    if file.fields["logic_type"] != "workflow":
        return
    body = file.fields["logic_body"]
    try:
        workflow = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return
    nodes = workflow.get("nodes") if isinstance(workflow, dict) else None
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, dict) and isinstance(node.get("api_id"), str):
            yield node["api_id"]

"""Folders with one YAML file for each thing in them, named after it: reading, mistakes, lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from engine.errors import DefinitionInvalidError
from engine.model import Issue
from engine.yaml_source import YamlSource

File = TypeVar("File")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """One thing as read; `said` are its fields, without those that are as by default."""

    path: Path
    said: Mapping[str, Any]
    source: YamlSource = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The thing's name."""
        return self.path.stem

    def located(self, issue: Issue) -> Issue:
        """The same finding with the line it is on; its message begins with file and line."""
        return located(self.path, self.source, issue)


def read_each(
    folder: Path,
    read: Callable[[Path, str], File],
    variables: Mapping[str, str] = MappingProxyType({}),
) -> tuple[File, ...]:
    """Read every file of a folder, by name; none without a folder.

    Args:
        folder: Where they lie.
        read: Reads one, given its path and its text.
        variables: What `${name}` stands for in the texts.

    Raises:
        DefinitionInvalidError: With one issue for every mistake in any file.
    """
    issues: list[Issue] = []
    files: list[File] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            files.append(read(path, read_text(path, variables)))
        except DefinitionInvalidError as error:
            issues += error.issues
    refuse_errors(issues)
    return tuple(files)


def refuse_errors(issues: list[Issue]) -> None:
    """Raise DefinitionInvalidError with all issues, if one of them is an error."""
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise DefinitionInvalidError(f"{errors[0].message}{more}", issues=tuple(issues))


def read_text(path: Path, variables: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text of a file with its variables put in; raises DefinitionInvalidError."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise invalid(path, 1, f"cannot be read: {error}") from error
    return substituted(text, variables)


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """The text with the value of `name` wherever it says `${name}`."""
    for name, value in variables.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def parse_fields(path: Path, text: str, thing: str) -> YamlSource:
    """Parse the text of a file that is a mapping of fields.

    Raises:
        DefinitionInvalidError: Its message begins with file and line.
    """
    try:
        source = YamlSource.parse(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise invalid(path, line, error.problem or "not YAML") from error
    if not isinstance(source.value, dict):
        raise invalid(path, 1, f"{thing} is a mapping of fields to values")
    return source


def located(path: Path, source: YamlSource, issue: Issue) -> Issue:
    """The same finding with the line it is on; its message begins with file and line."""
    parts = tuple(part for part in re.split(r"[.\[\]]+", issue.path or "") if part)
    line = source.line_of(parts)
    message = f"{_place(path)}:{line}: {issue.message}"
    return issue.model_copy(update={"message": message, "line": line})


def invalid(path: Path, line: int, problem: str) -> DefinitionInvalidError:
    """What to raise for a file that is wrong at a line."""
    message = f"{_place(path)}:{line}: {problem}"
    issue = Issue(code="invalid_file", message=message, line=line, path=path.name)
    return DefinitionInvalidError(message, issues=(issue,))


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"

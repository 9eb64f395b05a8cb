"""What is asked of a kind of thing that has a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from engine.errors import DefinitionInvalidError
from engine.model import ApiDefinition, Issue
from engine.named_files import NamedFile

Thing_contra = TypeVar("Thing_contra", contravariant=True)
FindApi = Callable[[str], ApiDefinition | None]


class FileKind(Protocol[Thing_contra]):
    """Reads files of a kind, and tells what a file says of a thing.

    What is said leaves out what is as by default, names APIs by their names, and has its fields
    in an order of its own, so that it can be compared.

    Attributes:
        folder: Where the files lie in a folder of definitions.
        is_exclusive: Whether at most one thing of the kind may name an API.
    """

    folder: str
    is_exclusive: bool

    def read(self, path: Path, text: str) -> NamedFile:
        """Read the text of a file.

        Raises:
            DefinitionInvalidError: With an issue for every mistake, each with file and line.
        """
        ...

    def name(self, thing: Thing_contra) -> str:
        """The name of a thing, which is that of its file."""
        ...

    def said(self, thing: Thing_contra, names: Mapping[str, str]) -> dict[str, Any]:
        """What a file says of a thing; `names` are those of APIs, by id."""
        ...

    def apis(self, said: Mapping[str, Any]) -> frozenset[str]:
        """The APIs that are named in what is said."""
        ...

    def issues(self, file: NamedFile, find: FindApi) -> tuple[Issue, ...]:
        """What does not fit between what a file says and the APIs that it names."""
        ...


def issues_located(file: NamedFile, error: DefinitionInvalidError) -> DefinitionInvalidError:
    """The error with file and line in each of its messages."""
    issues = tuple(map(file.located, error.issues))
    return DefinitionInvalidError(issues[0].message, issues=issues)


def without_defaults(
    fields: Mapping[str, Any], defaults: Mapping[str, Any], order: tuple[str, ...]
) -> dict[str, Any]:
    """The fields that are not as by default, in an order; those that nobody knows at the end."""
    known = [name for name in order if name in fields]
    ordered = [*known, *(name for name in fields if name not in order)]
    return {
        name: fields[name]
        for name in ordered
        if name not in defaults or fields[name] != defaults[name]
    }


def with_name(spec: Mapping[str, Any], key: str, names: Mapping[str, str]) -> dict[str, Any]:
    """The mapping with the name of an API where `key` holds the id of one."""
    return {
        name: names.get(str(value), value) if name == key else value for name, value in spec.items()
    }


def named(*values: object) -> Iterator[str]:
    """Those of the values that are names."""
    return (value for value in values if isinstance(value, str) and value)

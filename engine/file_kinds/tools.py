"""Tools as files: `tools/find_airport.yaml` says the API, the description and how it is called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import DefinitionInvalidError
from engine.file_kinds.kind import FindApi, without_defaults
from engine.model import Caller, Issue
from engine.model.tool import TOOL_FIELDS, Tool
from engine.named_files import NamedFile, invalid, parse_fields
from engine.tool_checks import check_tool
from engine.tool_fields import new_tool

_FIELDS = ("api", *(name for name in TOOL_FIELDS if name != "name"))
_DEFAULTS: Mapping[str, Any] = {
    name: Tool.model_fields[name].default for name in _FIELDS if name not in ("api", "description")
}
_READER = Caller(subject="definitions", kind="system")


class ToolKind:
    """A tool has the name of its file; the parameters that agents see are those of its API."""

    folder = "tools"
    is_exclusive = True

    def read(self, path: Path, text: str) -> NamedFile:
        """Read a tool; raises as `FileKind`."""
        source = parse_fields(path, text, "a tool")
        said = source.value
        unknown = sorted(set(said) - set(_FIELDS))
        if unknown:
            line = source.line_of((unknown[0],))
            raise invalid(path, line, f"{unknown[0]!r} is none of {', '.join(_FIELDS)}")
        for name, use in (("api", "that it calls"), ("description", "by which agents choose it")):
            if not isinstance(said.get(name), str) or not said[name].strip():
                line = source.line_of((name,))
                raise invalid(path, line, f"{name}: a tool says the {name} {use}")
        return NamedFile(path, without_defaults(said, _DEFAULTS, _FIELDS), source)

    def fields(self, file: NamedFile) -> dict[str, Any]:
        """All fields of the tool that a file says, without its API."""
        said = {name: value for name, value in file.said.items() if name != "api"}
        return {**_DEFAULTS, **said, "name": file.name}

    def name(self, thing: Tool) -> str:
        """The tool's name."""
        return thing.name

    def said(self, thing: Tool, names: Mapping[str, str]) -> dict[str, Any]:
        """What a file says of a tool."""
        fields = {name: getattr(thing, name) for name in _FIELDS if name != "api"}
        api = names.get(str(thing.api_id), thing.api_name)
        return without_defaults({"api": api, **fields}, _DEFAULTS, _FIELDS)

    def apis(self, said: Mapping[str, Any]) -> frozenset[str]:
        """The API that is exported."""
        return frozenset({said["api"]})

    def issues(self, file: NamedFile, find: FindApi) -> tuple[Issue, ...]:
        """What does not fit between the tool and its API, and advice on it."""
        api = find(file.said["api"])
        if api is None:
            message = f"api: there is no API {file.said['api']!r}"
            return (Issue(code="unknown_api", message=message, path="api"),)
        try:
            return check_tool(new_tool(api, self.fields(file), _READER), api, find)
        except DefinitionInvalidError as error:
            return error.issues

"""Screens as files: `screens/operations-day.yaml` says title, role, inputs and blocks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import DefinitionInvalidError
from engine.file_kinds.kind import FindApi, issues_located, named
from engine.model import Issue
from engine.model.screen import Screen, ScreenSpec
from engine.named_files import NamedFile, parse_fields
from engine.screens.check import parse_spec, read_spec, refuse_bad_id


class ScreenKind:
    """A screen has the id that is the name of its file; drafts are the instance's."""

    folder = "screens"
    is_exclusive = False

    def read(self, path: Path, text: str) -> NamedFile:
        """Read a screen; raises as `FileKind`."""
        source = parse_fields(path, text, "a screen")
        try:
            refuse_bad_id(path.stem)
            said = _said(parse_spec(source.value))
        except DefinitionInvalidError as error:
            raise issues_located(NamedFile(path, {}, source), error) from error
        return NamedFile(path, said, source)

    def name(self, thing: Screen) -> str:
        """The screen's id."""
        return thing.screen_id

    def said(self, thing: Screen, names: Mapping[str, str]) -> dict[str, Any]:
        """What a file says of a screen."""
        said = _said(thing.spec)
        for place in _places(said):
            place["api_id"] = names.get(place["api_id"], place["api_id"])
        return said

    def apis(self, said: Mapping[str, Any]) -> frozenset[str]:
        """The APIs that blocks show and inputs choose from."""
        return frozenset(place["api_id"] for place in _places(said))

    def issues(self, file: NamedFile, find: FindApi) -> tuple[Issue, ...]:
        """What does not fit between the screen and the APIs that it names."""
        try:
            read_spec(file.said, find)
        except DefinitionInvalidError as error:
            return error.issues
        return ()


def _said(spec: ScreenSpec) -> dict[str, Any]:
    return spec.model_dump(mode="json", exclude_defaults=True)


def _places(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a screen that name an API."""
    choices = (each.get("choices") or {} for each in said.get("inputs", ()))
    parts = (*said.get("blocks", ()), *choices)
    return [part for part in parts if tuple(named(part.get("api_id")))]

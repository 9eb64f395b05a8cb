"""A screen that is being edited: what the form shows, kept across reruns and pages."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from engine.definition_text import to_yaml
from engine.model.screen import BlockType, Screen, ScreenSpec
from engine.yaml_source import YamlSource
from pages.components.state import SessionValue

_NEW: Mapping[BlockType, Mapping[str, Any]] = {
    "text": {"text": "Write **Markdown** here.", "width": 12},
    "metric": {"width": 3, "value": "[0].flights"},
    "table": {"width": 6},
    "chart": {"width": 6, "chart": "bar"},
}


@dataclass(slots=True)
class ScreenDesk:
    """Unsaved work on one screen.

    Attributes:
        screen_id: The screen.
        fields: The specification as it stands, as JSON.
        saved: The same as it was last saved.
        version: The version that the work was begun from.
        chosen: The block whose form is open.
        rev: Raised when something else than typing replaced the fields.
        columns: Columns of each block's rows, as far as they were seen.
    """

    screen_id: str
    fields: dict[str, Any]
    saved: dict[str, Any]
    version: int
    chosen: str | None = None
    rev: int = 0
    columns: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, screen: Screen) -> "ScreenDesk":
        """The desk with what is not published yet, or else with what is shown."""
        spec = (screen.draft or screen.spec).model_dump(mode="json", exclude_defaults=True)
        blocks = spec.get("blocks") or []
        chosen = blocks[0]["id"] if blocks else None
        return cls(
            screen_id=screen.screen_id,
            fields=deepcopy(spec),
            saved=spec,
            version=screen.version,
            chosen=chosen,
        )

    @property
    def key(self) -> str:
        """What the keys of its widgets hold, so that none shows the work on another screen."""
        return f"{self.screen_id}-{self.rev}"

    @property
    def is_unsaved(self) -> bool:
        """Whether there is work that only this session has."""
        try:
            spec = ScreenSpec.model_validate(self.fields)
        except ValidationError:
            return True
        return spec.model_dump(mode="json", exclude_defaults=True) != self.saved

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks, to be changed in place."""
        found: list[dict[str, Any]] = self.fields.setdefault("blocks", [])
        return found

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The inputs, to be changed in place."""
        found: list[dict[str, Any]] = self.fields.setdefault("inputs", [])
        return found

    def block(self) -> dict[str, Any] | None:
        """The block whose form is open."""
        return next((each for each in self.blocks if each["id"] == self.chosen), None)

    def add(self, kind: BlockType) -> None:
        """Put a new block at the end and open its form."""
        taken = {each["id"] for each in self.blocks}
        number = next(n for n in range(1, 100) if f"{kind}-{n}" not in taken)
        self.chosen = f"{kind}-{number}"
        self.blocks.append({"id": self.chosen, "type": kind, **_NEW[kind]})

    def move(self, by: int) -> None:
        """Let the open block change places with its neighbour."""
        index = next((i for i, each in enumerate(self.blocks) if each["id"] == self.chosen), 0)
        other = index + by
        if 0 <= other < len(self.blocks):
            self.blocks[index], self.blocks[other] = self.blocks[other], self.blocks[index]

    def remove(self) -> None:
        """Take the open block away and open the first one."""
        self.fields["blocks"] = [each for each in self.blocks if each["id"] != self.chosen]
        self.chosen = self.blocks[0]["id"] if self.blocks else None

    def text(self) -> str:
        """The specification as YAML."""
        return to_yaml(self.fields)

    def read(self, text: str) -> None:
        """Take a specification over from YAML; raises yaml.YAMLError, or ValueError."""
        value = YamlSource.parse(text).value
        if not isinstance(value, dict):
            raise ValueError("a screen is a mapping of fields to values")  # noqa: TRY004 - of a text
        self.fields = value
        self.rev += 1
        self.chosen = next((str(each.get("id")) for each in self.blocks), None)


SCREEN_DESKS: SessionValue[dict[str, ScreenDesk]] = SessionValue("screen_desks", dict)
"""Unsaved work by the screen's id."""

"""Mappings in templates: `{{ mappings.NAME.KEY }}`, filled when a template reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.templates import Template


class Mappings:
    """The compiled values of every mapping that a definition reads; immutable, thread-safe.

    Args:
        templates: By the text of the reference, then by key: only the keys that can be read.
    """

    def __init__(self, templates: Mapping[str, Mapping[str, Template]]) -> None:
        self._templates = templates

    def over(self, params: Mapping[str, Any], input_payload: Any) -> Mapping[str, Any]:
        """The value of `mappings` in the templates of one call."""
        return _Filled(self._templates, {"params": params, "input": input_payload})


class _Filled(Mapping[str, Any]):
    """Each mapping is filled when it is first read, as plain data.

    Mappings that read each other end, because circles are refused when they are saved. Two threads
    may fill the same one, to the same values.
    """

    def __init__(
        self, templates: Mapping[str, Mapping[str, Template]], names: Mapping[str, Any]
    ) -> None:
        self._templates = templates
        self._names = {**names, "mappings": self}
        self._filled: dict[str, Any] = {}

    def __getitem__(self, source: str) -> Any:
        if source not in self._filled:
            templates = self._templates[source]
            self._filled[source] = {
                key: template.render(self._names) for key, template in templates.items()
            }
        return self._filled[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._templates)

    def __len__(self) -> int:
        return len(self._templates)


NO_MAPPINGS = Mappings({})

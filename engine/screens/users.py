"""Tells which screens use an API."""

from collections.abc import Sequence

from engine.lineage import Use
from engine.model.screen import ScreenSpec
from engine.ports.screens import ScreenStore


class ScreenUsers:
    """The screens whose blocks show an API, or whose inputs choose from it."""

    def __init__(self, store: ScreenStore) -> None:
        self._store = store

    def users_of(self, tenant_id: str, refs: tuple[str, str]) -> Sequence[Use]:
        """The screens that name one of these, by id."""
        uses = ((screen, _parts(screen.spec, refs)) for screen in self._store.all(tenant_id))
        return [
            Use(kind="screen", name=screen.screen_id, parts=parts)
            for screen, parts in uses
            if parts
        ]


def _parts(spec: ScreenSpec, refs: tuple[str, str]) -> tuple[str, ...]:
    blocks = [block.id for block in spec.blocks if block.api_id and block.api_id in refs]
    inputs = [each.name for each in spec.inputs if each.choices and each.choices.api_id in refs]
    return (*blocks, *inputs)

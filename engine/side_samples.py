"""Registers the sample rules and screens that a fresh instance begins with."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.cep.rules import Rules
from engine.errors import ConflictError, DefinitionInvalidError
from engine.model import Caller
from engine.ports import SettingStore
from engine.samples import SAMPLER, TENANT
from engine.screens.service import Screens
from engine.yaml_source import YamlSource

logger = logging.getLogger(__name__)

Create = Callable[[str, Mapping[str, Any], Caller], object]


def register_rules(folder: Path, rules: Rules, settings: SettingStore) -> tuple[str, ...]:
    """Save the rules that were never registered here, switched off; returns their names."""

    def create(name: str, fields: Mapping[str, Any], caller: Caller) -> object:
        return rules.create({**fields, "rule_name": name, "is_active": False}, caller)

    return _register("samples.rules", folder, create, settings)


def register_screens(folder: Path, screens: Screens, settings: SettingStore) -> tuple[str, ...]:
    """Save the screens that were never registered here; returns their ids."""
    return _register("samples.screens", folder, screens.create, settings)


def _register(
    setting: str, folder: Path, create: Create, settings: SettingStore
) -> tuple[str, ...]:
    known: list[str] = settings.get(TENANT, setting) or []
    added = []
    for path in sorted(folder.glob("*.yaml")):
        if path.stem in known:
            continue
        try:
            create(path.stem, YamlSource.parse(path.read_text(encoding="utf-8")).value, SAMPLER)
        except (ConflictError, DefinitionInvalidError) as error:
            # Its name is taken, or an API that it stands on was deleted here.
            logger.info("the sample %s is left out: %s", path.stem, error)
        added.append(path.stem)
    if added:
        settings.put(TENANT, setting, [*known, *added])
    return tuple(added)

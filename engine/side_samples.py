"""Registers the sample rules, screens, tools and alerts that a fresh instance begins with."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.alerting import Alerts
from engine.cep.rules import Rules
from engine.errors import ConflictError, DefinitionInvalidError, NotFoundError
from engine.file_kinds import AlertKind, FileKind, RuleKind, ScreenKind, ToolKind
from engine.named_files import NamedFile, read_each
from engine.ports import SettingStore
from engine.samples import SAMPLER, TENANT
from engine.screens.service import Screens
from engine.tools import Tools

logger = logging.getLogger(__name__)


def register_rules(folder: Path, rules: Rules, settings: SettingStore) -> None:
    """Save the rules that were never registered here."""
    kind = RuleKind()
    _register(folder, kind, lambda file: rules.create(kind.fields(file), SAMPLER), settings)


def register_screens(folder: Path, screens: Screens, settings: SettingStore) -> None:
    """Save the screens that were never registered here."""
    _register(
        folder,
        ScreenKind(),
        lambda file: screens.create(file.name, file.said, SAMPLER),
        settings,
    )


def register_tools(folder: Path, tools: Tools, settings: SettingStore) -> None:
    """Export the APIs that were never made tools here."""
    kind = ToolKind()
    _register(
        folder,
        kind,
        lambda file: tools.export(file.said["api"], kind.fields(file), SAMPLER),
        settings,
    )


def register_alerts(folder: Path, alerts: Alerts, settings: SettingStore) -> None:
    """Save the alerts that were never registered here."""
    kind = AlertKind()
    _register(folder, kind, lambda file: alerts.create(kind.fields(file), SAMPLER), settings)


def _register(
    folder: Path,
    kind: FileKind[Any],
    create: Callable[[NamedFile], object],
    settings: SettingStore,
) -> None:
    setting = f"samples.{kind.folder}"
    known: list[str] = settings.get(TENANT, setting) or []
    new = [file for file in read_each(folder, kind.read) if file.name not in known]
    for file in new:
        try:
            create(file)
        except (ConflictError, DefinitionInvalidError, NotFoundError) as error:
            # Its name is taken, or an API that it stands on was deleted here.
            logger.info("the sample %s is left out: %s", file.name, error)
    if new:
        settings.put(TENANT, setting, [*known, *(file.name for file in new)])

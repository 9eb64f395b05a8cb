"""Registers the sample assets and tools that a fresh instance begins with."""

import logging
from collections.abc import Mapping
from pathlib import Path

from engine.asset_files import read_assets
from engine.asset_registry import AssetRegistry
from engine.errors import ConflictError, DefinitionInvalidError, NotFoundError
from engine.ports import SettingStore
from engine.samples import SAMPLER, TENANT
from engine.tools import Tools

logger = logging.getLogger(__name__)

SAMPLE_TOOLS: Mapping[str, str] = {
    "find_airport": "airport-lookup",
    "cancelled_share": "cancelled-share",
}
"""The APIs that are exported as tools, by the names of the tools."""


def register_assets(folder: Path, assets: AssetRegistry, settings: SettingStore) -> None:
    """Publish the assets that were never registered here."""
    known: list[str] = settings.get(TENANT, "samples.assets") or []
    files = [file for file in read_assets(folder) if file.name not in known]
    for file in files:
        try:
            made = assets.create(file.fields, SAMPLER, publish=True, note="sample")
            for label in file.labels:
                assets.set_label(made.name, label, made.version, SAMPLER)
        except (ConflictError, DefinitionInvalidError) as error:
            # Its name is taken, or something that it stands on was deleted here.
            logger.info("the sample %s is left out: %s", file.name, error)
    if files:
        settings.put(TENANT, "samples.assets", [*known, *(file.name for file in files)])


def register_tools(tools: Tools, settings: SettingStore) -> None:
    """Export the APIs that were never made tools here."""
    known: list[str] = settings.get(TENANT, "samples.tools") or []
    new = {name: api for name, api in SAMPLE_TOOLS.items() if name not in known}
    for name, api in new.items():
        try:
            tools.export(api, {"name": name}, SAMPLER)
        except (ConflictError, DefinitionInvalidError, NotFoundError) as error:
            logger.info("the sample %s is left out: %s", name, error)
    if new:
        settings.put(TENANT, "samples.tools", [*known, *new])

"""Registers the sample assets that a fresh instance begins with."""

import logging
from pathlib import Path

from engine.asset_files import read_assets
from engine.asset_registry import AssetRegistry
from engine.errors import ConflictError, DefinitionInvalidError
from engine.ports import SettingStore
from engine.samples import SAMPLER, TENANT

logger = logging.getLogger(__name__)


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

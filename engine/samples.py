"""Registers the sample APIs that a fresh instance begins with."""

import logging
from collections.abc import Sequence

from engine.api_manager import ApiManager
from engine.definitions import DefinitionFile
from engine.errors import ConflictError
from engine.model import Caller
from engine.ports import SettingStore

logger = logging.getLogger(__name__)

TENANT = "default"
REGISTERED = "samples.registered"
"""The setting that lists the samples ever registered, so that one deleted does not come back."""


def register_samples(
    files: Sequence[DefinitionFile], apis: ApiManager, settings: SettingStore
) -> tuple[str, ...]:
    """Publish the samples that were never registered here; returns their names.

    Raises:
        DefinitionInvalidError: A sample cannot be compiled.
    """
    known: list[str] = settings.get(TENANT, REGISTERED) or []
    caller = Caller(subject="samples", kind="system", roles=frozenset({"admin"}))
    added = []
    for file in files:
        if file.name in known:
            continue
        try:
            apis.create(file.fields, caller, note="sample")
        except ConflictError:
            logger.info("sample %s: an API of this name is there already", file.name)
        added.append(file.name)
    if added:
        settings.put(TENANT, REGISTERED, [*known, *added])
    return tuple(added)

"""Registers the sample APIs that a fresh instance begins with, and the key one of them uses."""

import logging
from collections.abc import Sequence

from engine.api_manager import ApiManager
from engine.auth import KeyService
from engine.definition_tests import case_from
from engine.definitions import DefinitionFile
from engine.errors import ConflictError
from engine.model import Caller, Scope
from engine.ports import CaseStore, SettingStore

logger = logging.getLogger(__name__)

TENANT = "default"
REGISTERED = "samples.registered"
"""The setting that lists the samples ever registered, so that one deleted does not come back."""


REST_SECRET = "engine_api_key"  # noqa: S105 - its name
"""The secret by which the sample `delays-over-rest` calls this engine's own REST API."""
REST_SAMPLE = "delays-by-carrier"

SAMPLER = Caller(subject="samples", kind="system", roles=frozenset({"admin"}))


def register_samples(
    files: Sequence[DefinitionFile], apis: ApiManager, cases: CaseStore, settings: SettingStore
) -> tuple[str, ...]:
    """Publish the samples that were never registered here; returns their names.

    Raises:
        DefinitionInvalidError: A sample cannot be compiled.
    """
    known: list[str] = settings.get(TENANT, REGISTERED) or []
    added = []
    for file in files:
        if file.name in known:
            continue
        try:
            api = apis.create(file.fields, SAMPLER, note="sample")
            for each in file.tests:
                cases.add(case_from(api, each, SAMPLER))
        except ConflictError:
            logger.info("sample %s: an API of this name is there already", file.name)
        added.append(file.name)
    if added:
        settings.put(TENANT, REGISTERED, [*known, *added])
    return tuple(added)


def issue_sample_key(keys: KeyService, settings: SettingStore) -> None:
    """Keep a key as the sample's secret, once; it may execute one API and nothing else."""
    if settings.secret(TENANT, REST_SECRET) is not None:
        return
    scope = Scope(groups=("execute",), api_patterns=(REST_SAMPLE,))
    issued = keys.create(SAMPLER, name="sample: REST", roles=["viewer"], scope=scope)
    settings.put_secret(TENANT, REST_SECRET, issued.text)

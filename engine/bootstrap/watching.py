"""The parts of the engine whose health is told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.bootstrap.stores import Stores
from engine.connections import Connections
from engine.errors import StoreUnavailableError
from engine.health import Check, Health
from engine.ports import SharedState


def health_checks(
    stores: Stores, shared: SharedState, connections: Connections, sandbox: Check
) -> Health:
    """What `/readyz` and the health light tell, part by part."""

    def metadata() -> None:
        stores.database.ping()

    def journal() -> dict[str, Any]:
        stats = stores.journal.stats()
        if stats.failure is not None:
            raise StoreUnavailableError(f"{stats.pending} executions wait: {stats.failure}")
        return asdict(stats)

    def shared_state() -> dict[str, Any]:
        shared.ping()
        return {"backend": shared.backend}

    def sample() -> None:
        connections.target("default", "sample").ping()

    checks: dict[str, Check] = {
        "metadata": metadata,
        "journal": journal,
        "shared_state": shared_state,
        "sandbox": sandbox,
    }
    if any(each.name == "sample" for each in connections.fixed):
        checks["connection:sample"] = sample
    return Health(checks, required=frozenset({"metadata"}))

"""The asset registry, put together."""

from __future__ import annotations

from collections.abc import Callable

from engine.asset_check import ContentCheck
from engine.asset_registry import AssetRegistry
from engine.asset_users import AssetUsers
from engine.bootstrap.stores import Stores
from engine.compilation import Compiler
from engine.connections import Connections
from engine.lineage import Lineage
from engine.model import ApiDefinition


def open_assets(
    stores: Stores,
    compiler: Compiler,
    saving: Compiler,
    lineage: Lineage,
    connections: Connections,
    *,
    forget: Callable[[ApiDefinition], object],
) -> AssetRegistry:
    """The registry; `saving` checks what is saved, `compiler` what is live."""
    check = ContentCheck(saving, stores.assets, stores.definitions, connections.target)
    users = AssetUsers(stores.assets, stores.definitions, lineage, compiler)
    return AssetRegistry(stores.assets, check, users, stores.settings, forget)

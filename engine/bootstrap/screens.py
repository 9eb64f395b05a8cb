"""Screens, joined with what they show."""

from __future__ import annotations

from contextlib import ExitStack

from engine.bootstrap.stores import Stores
from engine.errors import NotFoundError
from engine.model import ApiDefinition
from engine.screens.loading import Execute
from engine.screens.service import Screens
from storage.screens import SqlScreenStore


def open_screens(stores: Stores, execute: Execute, opening: ExitStack) -> Screens:
    def find_api(tenant_id: str, ref: str) -> ApiDefinition | None:
        try:
            return stores.definitions.get(tenant_id, ref)
        except NotFoundError:
            return None

    screens = Screens(SqlScreenStore(stores.database), find_api, execute)
    opening.callback(screens.close)
    return screens

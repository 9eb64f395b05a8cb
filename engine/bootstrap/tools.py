"""The tools, put together."""

from __future__ import annotations

from engine.bootstrap.stores import Stores
from engine.pipeline import Pipeline
from engine.tools import Tools
from storage.tools import SqlToolStore


def open_tools(stores: Stores, pipeline: Pipeline) -> Tools:
    return Tools(
        SqlToolStore(stores.database),
        stores.definitions,
        stores.settings,
        pipeline.execute,
        pipeline.dry_run,
    )

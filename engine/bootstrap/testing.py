"""Test cases, put together."""

from __future__ import annotations

from engine.api_manager import ApiManager
from engine.bootstrap.stores import Stores
from engine.compilation import Compiler
from engine.executor_monitoring import ExecutionLog
from engine.pipeline import Pipeline
from engine.testing import ApiTests


def open_tests(
    stores: Stores, apis: ApiManager, compiler: Compiler, pipeline: Pipeline
) -> ApiTests:
    return ApiTests(
        stores.cases,
        apis,
        compiler,
        pipeline.execute,
        ExecutionLog(stores.executions, stores.journal),
        stores.settings,
    )

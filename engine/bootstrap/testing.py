"""Test cases, put together."""

from __future__ import annotations

from engine.api_manager import ApiManager
from engine.bootstrap.stores import Stores
from engine.compilation import Compiler
from engine.executor_monitoring import ExecutionLog
from engine.pipeline import Pipeline
from engine.testing import ApiTests
from storage.api_tests import SqlCaseStore


def open_tests(
    stores: Stores, apis: ApiManager, compiler: Compiler, pipeline: Pipeline
) -> ApiTests:
    return ApiTests(
        SqlCaseStore(stores.database),
        apis,
        compiler,
        pipeline.execute,
        ExecutionLog(stores.executions, stores.journal),
        stores.settings,
    )

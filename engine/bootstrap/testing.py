"""Test cases and the checks before a version is published, put together."""

from __future__ import annotations

from engine.api_manager import ApiManager
from engine.bootstrap.stores import Stores
from engine.compilation import Compiler
from engine.executor_monitoring import ExecutionLog
from engine.pipeline import Pipeline
from engine.publish_gate import PublishGate
from engine.testing import ApiTests, Reruns


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


def open_reruns(stores: Stores, apis: ApiManager, compiler: Compiler, pipeline: Pipeline) -> Reruns:
    logs = ExecutionLog(stores.executions, stores.journal)
    return Reruns(apis, compiler, pipeline.execute, logs)


def open_gate(stores: Stores, compiler: Compiler, pipeline: Pipeline) -> PublishGate:
    return PublishGate(
        stores.executions, stores.journal, stores.definitions, compiler, pipeline.execute
    )

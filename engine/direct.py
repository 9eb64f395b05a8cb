"""Runs a body of each logic type directly, without saving it: for notebooks and programs.

Each is a test run of an unsaved definition: its walls, timeout and retries hold and the call is
logged with source `test`; cache, limits and breaker are left alone. A failure is in the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.call import ExecutionRequest
from engine.definition_fields import DEFAULT_CONNECTION, new_definition
from engine.facade import Engine, local_caller
from engine.model import Caller, ExecutionResult, LogicType
from engine.model.definition import ParamType


def execute_sql_api(
    engine: Engine,
    logic_body: str,
    params: Mapping[str, Any] | None = None,
    *,
    connection: str = DEFAULT_CONNECTION,
    runtime_policy: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
) -> ExecutionResult:
    """Run one SELECT with `:name` binds on a connection."""
    return _run(engine, "sql", logic_body, params, None, runtime_policy, caller, connection)


def execute_http_api(
    engine: Engine,
    logic_body: str | Mapping[str, Any],
    params: Mapping[str, Any] | None = None,
    input_payload: Any = None,
    *,
    runtime_policy: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
) -> ExecutionResult:
    """Send one HTTP request; `logic_body` is its spec, as text or as an object."""
    return _run(engine, "http", logic_body, params, input_payload, runtime_policy, caller)


def execute_python_api(
    engine: Engine,
    logic_body: str,
    params: Mapping[str, Any] | None = None,
    input_payload: Any = None,
    *,
    runtime_policy: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
) -> ExecutionResult:
    """Run a script's `main(params, input_payload)` in the sandbox."""
    return _run(engine, "script", logic_body, params, input_payload, runtime_policy, caller)


def execute_workflow_api(
    engine: Engine,
    logic_body: str | Mapping[str, Any],
    params: Mapping[str, Any] | None = None,
    input_payload: Any = None,
    *,
    runtime_policy: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
) -> ExecutionResult:
    """Run a workflow graph; the APIs that its nodes call are published ones."""
    return _run(engine, "workflow", logic_body, params, input_payload, runtime_policy, caller)


def _run(
    engine: Engine,
    logic_type: LogicType,
    logic_body: str | Mapping[str, Any],
    params: Mapping[str, Any] | None,
    input_payload: Any,
    runtime_policy: Mapping[str, Any] | None,
    caller: Caller | None,
    connection: str | None = None,
) -> ExecutionResult:
    who, given = caller or local_caller(), dict(params or {})
    definition = new_definition(
        {
            "api_name": "unsaved",
            "logic_type": logic_type,
            "logic_body": logic_body,
            "param_schema": {name: {"type": _type_of(value)} for name, value in given.items()},
            "connection": connection,
            "runtime_policy": runtime_policy or {},
        },
        who,
    )
    request = ExecutionRequest(
        api=definition,
        params=given,
        input_payload=input_payload,
        source="notebook",
        test=True,
        want_trace=True,
    )
    return engine.run(request, who)


def _type_of(value: Any) -> ParamType:
    types: tuple[tuple[type, ParamType], ...] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (list, "array"),
        (dict, "object"),
    )
    return next((name for kind, name in types if isinstance(value, kind)), "text")

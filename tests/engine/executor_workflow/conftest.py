"""A tenant of APIs in memory: functions called by the workflow executor as the pipeline would."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
import pytest

from engine.deadline import Deadline
from engine.errors import EngineError
from engine.executor_workflow import WorkflowExecutor
from engine.model import (
    ApiDefinition,
    Caller,
    ErrorInfo,
    ExecutionResult,
    ParamSpec,
    Payload,
    RuntimePolicy,
)
from engine.ports import ExecutionContext, NestedCall, WorkflowRunOptions

Logic = Callable[[NestedCall], Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def definition(name: str, logic_type: str, body: Any, **fields: Any) -> ApiDefinition:
    return ApiDefinition(
        id=uuid5(UUID(int=0), name),
        api_name=name,
        logic_type=logic_type,
        logic_body=body if isinstance(body, str) else json.dumps(body),
        created_at=NOW,
        updated_at=NOW,
        **fields,
    )


class Tenant:
    """APIs by name, and the record of every call made of them."""

    def __init__(self) -> None:
        self.definitions: dict[str, ApiDefinition] = {}
        self.logic: dict[str, Logic] = {}
        self.calls: list[NestedCall] = []
        self.running = 0
        self.most_running = 0
        self._lock = threading.Lock()
        self.executor = WorkflowExecutor(self)

    def add(self, name: str, logic: Logic, params: Mapping[str, ParamSpec] | None = None) -> None:
        self.logic[name] = logic
        self.definitions[name] = definition(name, "script", "", param_schema=params or {})

    def add_workflow(self, name: str, body: Any, **fields: Any) -> ApiDefinition:
        self.definitions[name] = definition(name, "workflow", body, **fields)
        return self.definitions[name]

    def find(self, tenant_id: str, ref: str) -> ApiDefinition | None:
        assert tenant_id == "default"
        by_id = {str(api.id): api for api in self.definitions.values()}
        return self.definitions.get(ref) or by_id.get(ref)

    def names(self, tenant_id: str) -> tuple[str, ...]:
        assert tenant_id == "default"
        return tuple(self.definitions)

    @property
    def called(self) -> list[str]:
        return [call.api for call in self.calls]

    def run(
        self,
        body: Any,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 30,
        options: WorkflowRunOptions | None = None,
        input_payload: Any = None,
    ) -> Payload:
        api = definition("workflow-under-test", "workflow", body, param_schema=_schema(params))
        compiled = self.executor.compile(api)
        context = self.context(Deadline.after(timeout_s), options, input_payload)
        return self.executor.execute(compiled, params or {}, context)

    def dry_run(self, body: Any, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        api = definition("workflow-under-test", "workflow", body, param_schema=_schema(params))
        context = self.context(Deadline.after(30), None, None)
        return self.executor.dry_run(self.executor.compile(api), params or {}, context)

    def context(
        self, deadline: Deadline, options: WorkflowRunOptions | None, input_payload: Any
    ) -> ExecutionContext:
        return ExecutionContext(
            execution_id=uuid4(),
            trace_id="trace",
            tenant_id="default",
            caller=Caller(subject="ada"),
            source="test",
            policy=RuntimePolicy(),
            deadline=deadline,
            input_payload=input_payload,
            depth=0,
            attempt=1,
            call=lambda nested: self.call(nested, deadline),
            secret=str,
            workflow=options,
        )

    def call(self, nested: NestedCall, deadline: Deadline) -> ExecutionResult:
        with self._lock:
            self.calls.append(nested)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            return self._answer(nested, deadline)
        finally:
            with self._lock:
                self.running -= 1

    def _answer(self, nested: NestedCall, deadline: Deadline) -> ExecutionResult:
        api = self.find("default", nested.api)
        assert api is not None
        try:
            if api.logic_type == "workflow":
                compiled = self.executor.compile(api)
                context = self.context(deadline, None, nested.input_payload)
                payload = self.executor.execute(compiled, nested.params, context)
                return result(payload.json, row_count=payload.row_count, steps=payload.steps)
            return result(orjson.dumps(self.logic[api.api_name](nested)))
        except EngineError as error:
            info = ErrorInfo(
                type=error.code,
                message=error.message,
                http_status=error.http_status,
                details=error.details,
            )
            return result(b"null", status=error.outcome, error=info)


def result(document: bytes, **fields: Any) -> ExecutionResult:
    value = orjson.loads(document)
    rows = value.get("rows") if isinstance(value, dict) else None
    known = {"status": "success", "row_count": len(rows) if rows is not None else None}
    return ExecutionResult(
        execution_id=uuid4(),
        data_json=document,
        duration_ms=1,
        version=1,
        trace_id="trace",
        attempts=1,
        **{**known, **fields},
    )


def _schema(params: Mapping[str, Any] | None) -> dict[str, ParamSpec]:
    return {name: ParamSpec() for name in params or {}}


@pytest.fixture
def tenant() -> Tenant:
    """APIs `one`, `echo`, `rows`, `broken` and `slow`."""
    tenant = Tenant()
    value = {"value": ParamSpec(type="object")}
    tenant.add("one", lambda _call: 1)
    tenant.add("echo", lambda call: {"params": call.params, "input": call.input_payload}, value)
    tenant.add("rows", lambda _call: {"columns": [], "rows": [{"n": 1}, {"n": 2}, {"n": 3}]})
    tenant.add("broken", _broken, value)
    tenant.add("slow", lambda _call: time.sleep(0.05), value)
    return tenant


def _broken(call: NestedCall) -> Any:
    raise EngineError("it is broken", details={"why": "test"})

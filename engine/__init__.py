"""API Engine: queries, HTTP calls, Python functions and workflows as governed APIs.

    eng = Engine.open()
    eng.execute("delays-by-carrier", origin="JFK").df()

`docs/architecture.md` shows the way of a call.
"""

from engine.call import ExecutionRequest
from engine.direct import (
    execute_http_api,
    execute_python_api,
    execute_sql_api,
    execute_workflow_api,
)
from engine.errors import EngineError
from engine.executor_cache import APICacheService
from engine.executor_circuit_breaker import CircuitBreakerManager
from engine.executor_core.sql import validate_select_sql
from engine.facade import Engine
from engine.model import ApiDefinition, Caller, ExecutionResult
from engine.settings import Settings

__all__ = [
    "APICacheService",
    "ApiDefinition",
    "Caller",
    "CircuitBreakerManager",
    "Engine",
    "EngineError",
    "ExecutionRequest",
    "ExecutionResult",
    "Settings",
    "execute_http_api",
    "execute_python_api",
    "execute_sql_api",
    "execute_workflow_api",
    "validate_select_sql",
]

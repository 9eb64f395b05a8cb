"""API Engine: queries, HTTP calls, Python functions and workflows as governed APIs.

    eng = Engine.open()
    eng.execute("delays-by-carrier", origin="JFK").df()

The public names are imported when they are first asked for: confined child processes import single
modules of this package and must start small, quickly and without threads of a library's own.
`docs/architecture.md` shows the way of a call.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "APICacheService": "engine.executor_cache",
    "ApiDefinition": "engine.model",
    "Caller": "engine.model",
    "CircuitBreakerManager": "engine.executor_circuit_breaker",
    "Engine": "engine.facade",
    "EngineError": "engine.errors",
    "ExecutionRequest": "engine.call",
    "ExecutionResult": "engine.model",
    "Settings": "engine.settings",
    "execute_http_api": "engine.direct",
    "execute_python_api": "engine.direct",
    "execute_sql_api": "engine.direct",
    "execute_workflow_api": "engine.direct",
    "validate_select_sql": "engine.executor_core.sql",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

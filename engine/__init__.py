"""API Engine: queries, HTTP calls, Python functions and workflows as governed APIs.

    from engine import Engine

    eng = Engine.open()
    eng.execute("delays-by-carrier", origin="JFK").df()
"""

from engine.call import ExecutionRequest
from engine.errors import EngineError
from engine.facade import Engine
from engine.model import ApiDefinition, Caller, ExecutionResult
from engine.settings import Settings

__all__ = [
    "ApiDefinition",
    "Caller",
    "Engine",
    "EngineError",
    "ExecutionRequest",
    "ExecutionResult",
    "Settings",
]

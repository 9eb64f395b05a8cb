"""API Engine: queries, HTTP calls, Python functions and workflows as governed APIs.

    eng = Engine.open()
    eng.execute("delays-by-carrier", origin="JFK").df()

`docs/architecture.md` shows the way of a call.
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

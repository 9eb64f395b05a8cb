"""What the OpenAPI document says of every endpoint in the same words."""

from collections.abc import Mapping
from typing import Any, TypedDict

from engine.sidecar.results import ENCODINGS
from engine.sidecar.schemas import Envelope, ErrorEnvelope, ExecutionView

_MEANINGS: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "Credentials are missing, unknown, expired or revoked.",
    403: "The caller may not do this.",
    404: "No such thing in the caller's tenant.",
    409: "The state is not the expected one, or the API is switched off.",
    413: "The request body is too large.",
    422: "Parameters or definition are invalid; details name every mistake.",
    429: "A rate limit refused the call; see Retry-After.",
    502: "The target failed.",
    503: "The circuit breaker is open, or the engine is overloaded; see Retry-After.",
    504: "The call ran out of time.",
}
_ALWAYS = (400, 401, 403, 422, 503)


class Documentation(TypedDict):
    """The keyword arguments of a route that only document it."""

    response_model: Any
    responses: dict[int | str, dict[str, Any]]


def documented(answer: Any, *failures: int) -> Documentation:
    """A route's success, and its failures besides those that every route can have."""
    statuses = sorted({*_ALWAYS, *failures})
    return {
        "response_model": answer,
        "responses": {
            status: {"model": ErrorEnvelope, "description": _MEANINGS[status]}
            for status in statuses
        },
    }


def documented_call(*failures: int) -> Documentation:
    """A route that executes an API: its answer is an execution, or rows in another format."""
    route = documented(Envelope[ExecutionView], *failures)
    route["responses"][200] = {
        "description": "The answer; rows also as CSV, Parquet or Arrow IPC.",
        "content": {
            encoding.media_type: {"schema": {"type": "string", "format": "binary"}}
            for encoding in ENCODINGS.values()
        },
    }
    return route

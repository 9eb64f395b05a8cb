"""Answers a repeated request with what its first one was answered with."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, Response

from engine.call import ExecutionRequest
from engine.errors import CallerError, EngineError
from engine.idempotency import Attempt
from engine.model import ExecutionResult
from engine.ports import KeptAnswer
from engine.sidecar.body import PacedResponse
from engine.sidecar.deps import Visit
from engine.sidecar.envelope import refusal

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Run the call once, however often it is sent with this key within a day.",
        json_schema_extra={"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    ),
]
AnswerResult = Callable[[ExecutionResult], Response]


def run_call(
    visit: Visit, call: ExecutionRequest, answer: AnswerResult, *, key: str | None, fmt: str
) -> Response:
    """Run a call and answer it; under a key, at most once.

    Raises:
        EngineError: The answer has no such format, or the key is taken for something else.
    """
    if key is None:
        return answer(visit.engine.run(call, visit.caller))
    return _once(visit, key, _fingerprint(call, fmt), lambda: _attempt(visit, call, answer))


def run_request(
    visit: Visit, parts: list[Any], respond: Callable[[], Response], *, key: str | None
) -> Response:
    """Answer a request that changes something; under a key, at most once.

    Args:
        visit: Who asks.
        parts: All that makes the request another one, as plain JSON.
        respond: Does what is asked.
        key: The caller's own name of the request.

    Raises:
        EngineError: It is refused, or the key is taken for something else.
    """
    if key is None:
        return respond()
    return _once(visit, key, _written(parts), lambda: _answered(respond))


def _once(visit: Visit, key: str, fingerprint: bytes, attempt: Callable[[], Attempt]) -> Response:
    once = visit.engine.idempotency.run_once(key, fingerprint, visit.caller, attempt)
    kept = once.answer
    response = PacedResponse(kept.body, kept.status, dict(kept.headers))
    if once.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _attempt(visit: Visit, call: ExecutionRequest, answer: AnswerResult) -> Attempt:
    result = visit.engine.run(call, visit.caller)
    try:
        response = answer(result)
    except EngineError as error:
        response = refusal(error)
    return Attempt(_kept(response), touched_nothing=result.status == "rejected")


def _answered(respond: Callable[[], Response]) -> Attempt:
    try:
        return Attempt(_kept(respond()), touched_nothing=False)
    except CallerError as error:
        return Attempt(_kept(refusal(error)), touched_nothing=True)


def _kept(response: Response) -> KeptAnswer:
    return KeptAnswer(response.status_code, dict(response.headers), bytes(response.body))


def _fingerprint(call: ExecutionRequest, fmt: str) -> bytes:
    parts: list[Any] = [call.api, call.params, call.query, call.input_payload, fmt, call.want_trace]
    return _written(parts)


def _written(parts: list[Any]) -> bytes:
    # Not orjson: it refuses integers beyond 64 bits, which a body may have.
    return json.dumps(parts, sort_keys=True).encode()

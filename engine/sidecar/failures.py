"""Translates every exception that can leave a handler into the envelope, in one place."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.errors import (
    BadRequestError,
    CallerError,
    EngineError,
    NotFoundError,
    ParamsInvalidError,
    PayloadTooLargeError,
)
from engine.sidecar.envelope import refusal

logger = logging.getLogger(__name__)

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class MethodNotAllowedError(CallerError):
    """The path exists, and not for this HTTP method."""

    code: ClassVar[str] = "method_not_allowed"
    http_status: ClassVar[int] = 405


def install_handlers(app: FastAPI) -> None:
    """Make sure that no failure of `app` leaves it in another shape than the envelope's."""
    app.add_exception_handler(EngineError, _of_the_engine)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


class BugBarrier:
    """Answers what no handler foresaw, and logs it once.

    The framework's own handler for any exception raises it again when it is done, for the server
    to log a second time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_answered = False

        async def send_noting(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            if is_answered or scope["type"] != "http":
                raise
            await _unexpected(scope, error)(scope, receive, send)


async def _of_the_engine(_: Request, error: Exception) -> Response:
    if not isinstance(error, EngineError):
        raise error
    if error.http_status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", error.code, error.message, exc_info=error)
    return refusal(error)


async def _of_validation(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return refusal(_bad_json(error.errors()) or _bad_fields(error.errors()))


async def _of_http(request: Request, error: Exception) -> Response:
    """The failures that the framework raises itself: routing, methods, unreadable bodies."""
    if not isinstance(error, HTTPException):
        raise error
    asked = f"{request.method} {request.url.path}"
    if error.status_code == HTTPStatus.NOT_FOUND:
        found: EngineError = NotFoundError(
            f"there is no endpoint {asked}", hint="The endpoints are listed in openapi.json."
        )
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        found = MethodNotAllowedError(f"the endpoint does not answer {asked}")
        return refusal(found, headers={"Allow": _allowed(request)})
    elif error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        found = PayloadTooLargeError(error.detail)
    else:
        found = BadRequestError(f"the request cannot be read: {error.detail}")
    return refusal(found, headers=error.headers)


def _allowed(request: Request) -> str:
    """Every method that the path answers; the router names those of one of its routes."""
    methods = [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]
    return ", ".join([*methods, "HEAD"] if "GET" in methods else methods)


def _unexpected(scope: Scope, error: Exception) -> Response:
    """A bug: the traceback goes to the log, its request id to the caller."""
    logger.error("unexpected failure of %s %s", scope["method"], scope["path"], exc_info=error)
    failure = EngineError(
        "something went wrong inside the engine",
        hint=f"The log has the cause under request id {scope['state']['request_id']}.",
    )
    return refusal(failure)


def _bad_json(mistakes: Sequence[Any]) -> BadRequestError | None:
    broken = next((each for each in mistakes if each["type"] == "json_invalid"), None)
    if broken is None:
        return None
    return BadRequestError(
        f"the request body is no JSON: {broken['ctx']['error']} at character {broken['loc'][-1]}"
    )


def _bad_fields(mistakes: Sequence[Any]) -> ParamsInvalidError:
    found = [_mistake(each) for each in mistakes]
    if any(each["type"] == "model_attributes_type" for each in mistakes):
        hint = "Send a JSON object with the header Content-Type: application/json."
    else:
        hint = None
    return ParamsInvalidError(
        "; ".join(f"{each['param']} {each['message']}" for each in found),
        details={"params": found},
        hint=hint,
    )


def _mistake(mistake: Any) -> dict[str, str]:
    where, *path = (str(part) for part in mistake["loc"])
    message = str(mistake["msg"]).removeprefix("Value error, ")
    return {
        "param": ".".join(path) or where,
        "code": mistake["type"],
        "message": message[:1].lower() + message[1:],
    }

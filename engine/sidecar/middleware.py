"""What surrounds every request: its identity, HEAD, and the largest body it may have."""

import re
import secrets
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.trace_context import SpanParent, traceparent

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")
_SIZE_DIGITS = 18


class RequestIdentity:
    """Gives every request an id and a trace id, taken from the caller's headers where they fit.

    `x-request-id` comes back as it was sent. `traceparent` (W3C Trace Context) continues the
    caller's trace with a span of this server; the trace id is kept with the execution.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["request_id"] = _request_id(headers)
        parent = SpanParent.read(headers.get("traceparent", ""))
        state["span_parent"] = parent
        state["trace_id"] = parent.trace_id if parent else uuid4().hex

        async def send_with_identity(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(identity_headers(scope))
            await send(message)

        await self._app(scope, receive, send_with_identity)


def identity_headers(scope: Scope) -> dict[str, str]:
    """The headers by which a caller can find its request in logs and traces."""
    state = scope["state"]
    parent: SpanParent | None = state["span_parent"]
    sampled = parent is None or parent.sampled
    return {
        "x-request-id": state["request_id"],
        "traceparent": traceparent(state["trace_id"], secrets.token_hex(8), sampled=sampled),
    }


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else uuid4().hex


class HeadAsGet:
    """Answers HEAD as GET without its body (RFC 9110 §9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class BodyLimit:
    """Refuses bodies past a size, by their announced length or else while they stream in.

    The framework's own limit answers in plain text, so it cannot be used behind the envelope.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            if self._is_past(announced):
                raise self._too_large()
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, receive_within_limit, send)

    def _is_past(self, announced: str) -> bool:
        if not announced.isdecimal():
            return False
        # Longer than any size is: not worth a conversion, which has a limit of its own.
        return len(announced) > _SIZE_DIGITS or int(announced) > self._max_bytes

    def _too_large(self) -> HTTPException:
        # Of all exceptions raised while a body is read, the framework passes on only this type.
        return HTTPException(413, f"the request body is larger than {self._max_bytes} bytes")

"""The Model Context Protocol at `/mcp`: streamable HTTP, stateless, answers as JSON."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from engine.auth import authorize
from engine.sidecar.deps import visit_of


class McpEndpoint:
    """Serves each request by a server of its own, as the caller of that request.

    Nothing outlives a request, so any process can answer the next one, and no task is left behind
    when an application that is mounted elsewhere ends.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raises AuthenticationError or PermissionDeniedError first."""
        # The protocol's library costs half a second: who never asks for it does not pay for it.
        from mcp.server.streamable_http_manager import (  # noqa: PLC0415
            StreamableHTTPSessionManager,
        )

        from engine.mcp_server import mcp_server  # noqa: PLC0415

        visit = await visit_of(Request(scope, receive))
        authorize(visit.caller, "tools:read")
        server = mcp_server(visit.engine, visit.caller, partial(visit.run), trace_id=visit.trace_id)
        manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)


def mcp_route() -> Route:
    """The endpoint; without a stream from the server there is nothing to GET."""
    return Route("/mcp", endpoint=McpEndpoint(), methods=["POST"], name="mcp")

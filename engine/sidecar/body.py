"""A response body that is sent in pieces, at the pace of its reader."""

from fastapi import Response
from starlette.types import Receive, Scope, Send

PIECE_BYTES = 65_536


class PacedResponse(Response):
    """A response that gives the server a piece of its body when it has room for one.

    Given as a whole, what a slow client has not read yet is copied into the server's own buffer,
    and compressing it would hold up every other request.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the response."""
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        body = bytes(self.body)
        last = max(0, len(body) - 1) // PIECE_BYTES
        for number in range(last + 1):
            piece = body[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
            await send({"type": "http.response.body", "body": piece, "more_body": number < last})

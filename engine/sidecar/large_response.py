"""Sends an answer that is in a file, at the pace of a reader who has to go on."""

import asyncio
import logging
from collections.abc import Generator, Iterator, Mapping

from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from engine.sidecar.body import PIECE_BYTES

logger = logging.getLogger(__name__)

STALLED_S = 60.0
"""How long a reader may take for one piece: 64 KB, besides what the system buffers for it."""


class LargeResponse(StreamingResponse):
    """A response whose pieces are made in a thread, each when the one before was taken.

    A reader that takes nothing for `STALLED_S` is given up, so that it does not keep the file. So
    is one that goes away. The pieces refer to the file: it is gone with them.
    """

    def __init__(
        self, pieces: Iterator[bytes], status: int, headers: Mapping[str, str], media_type: str
    ) -> None:
        self._pieces = _cut(pieces)
        super().__init__(self._pieces, status, headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, or as much of it as is wanted."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STALLED_S):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            logger.warning("a reader took nothing for %g s: its answer is given up", STALLED_S)
        finally:
            # A task that was cancelled is referred to for a while, and would hold the file.
            self._pieces.close()


def _cut(pieces: Iterator[bytes]) -> Generator[bytes, None, None]:
    for piece in pieces:
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]

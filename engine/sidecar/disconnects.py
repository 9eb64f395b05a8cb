"""Stops the execution behind a request once nobody waits for its answer."""

import asyncio
from collections.abc import Awaitable

from fastapi import Request, Response

from engine.cancellation import Cancellation

PATIENCE_S = 1.0
"""After which it is looked whether the caller is there: most calls are answered long before."""


async def while_wanted(
    request: Request, execution: Cancellation, answer: Awaitable[Response]
) -> Response:
    """The answer to a request whose body was read; a caller who goes away cancels `execution`."""
    watching: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()

    def watch() -> None:
        watching.append(loop.create_task(_cancel_when_gone(request, execution)))

    timer = loop.call_later(PATIENCE_S, watch)
    try:
        return await answer
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()


async def _cancel_when_gone(request: Request, execution: Cancellation) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
    execution.cancel("its caller went away")

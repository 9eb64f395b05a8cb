"""Runs the engine's blocking calls in a bounded pool of threads."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio.to_thread

from engine.errors import OverloadedError

P = ParamSpec("P")
T = TypeVar("T")
RETRY_AFTER_S = 1.0


class CallPool:
    """At most `running` calls at once and `waiting` behind them; further ones are refused.

    A queue without a bound would answer everybody late instead of most in time.
    """

    def __init__(self, running: int, waiting: int) -> None:
        self._limiter = anyio.CapacityLimiter(running)
        self._waiting = waiting

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `call`, run in a thread of its own.

        Raises:
            OverloadedError: As many calls are running and waiting as may.
        """
        state = self._limiter.statistics()
        is_busy = state.borrowed_tokens >= state.total_tokens
        if is_busy and state.tasks_waiting >= self._waiting:
            raise OverloadedError(
                f"{state.borrowed_tokens} calls are running and {state.tasks_waiting} are waiting",
                hint="Try again, or add processes: api-engine serve --workers N.",
                retry_after_s=RETRY_AFTER_S,
            )
        return await anyio.to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._limiter)

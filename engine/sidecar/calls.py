"""Runs the engine's blocking calls in a bounded pool of threads."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from engine.errors import OverloadedError

P = ParamSpec("P")
T = TypeVar("T")
RETRY_AFTER_S = 1.0


class CallPool:
    """At most `running` calls at once and `waiting` behind them; further ones are refused.

    A queue without a bound would answer everybody late instead of most in time. A call whose
    request was given up counts until its thread is free again.
    """

    def __init__(self, running: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(running, thread_name_prefix="call")
        self._running, self._waiting = running, waiting
        self._under_way = 0
        self._lock = threading.Lock()

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `call`, run in a thread of its own.

        Raises:
            OverloadedError: As many calls are running and waiting as may.
        """
        self._enter()
        work = partial(copy_context().run, call, *args, **kwargs)
        future = self._threads.submit(work)
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _enter(self) -> None:
        with self._lock:
            waiting = self._under_way - self._running
            if waiting >= self._waiting:
                raise OverloadedError(
                    f"{self._running} calls are running and {waiting} are waiting",
                    hint="Try again, or add processes: api-engine serve --workers N.",
                    retry_after_s=RETRY_AFTER_S,
                )
            self._under_way += 1

    def _leave(self, _: Future[T]) -> None:
        with self._lock:
            self._under_way -= 1

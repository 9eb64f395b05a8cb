"""One event loop on one thread of its own, called from synchronous code."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from engine.deadline import Deadline
from engine.errors import OverloadedError

T = TypeVar("T")


class AsyncIsland:
    """Runs coroutines for any number of threads; the loop starts with the first one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], deadline: Deadline) -> T:
        """Run a coroutine on the island and wait for it; it is cancelled if the wait is broken off.

        The work keeps to the deadline's time by itself; here it is only stopped with the call.

        Raises:
            OverloadedError: The island is closed.
            ExecutionCancelledError: The call was told to stop.
        """
        future = self._submit(work)
        try:
            with deadline.on_cancel(lambda: _break_off(future)):
                return future.result()
        except CancelledError as error:
            raise deadline.cause_of(_closing()) from error
        finally:
            future.cancel()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel what runs, run `last`, and end the thread; idempotent."""
        with self._lock:
            self._is_closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_others_then(last), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _submit(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        with self._lock:
            if self._is_closed:
                raise _closing()
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run_forever, args=(self._loop,), name=self._name, daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work(), self._loop)


def _break_off(future: Future[Any]) -> None:
    future.cancel()


def _closing() -> OverloadedError:
    return OverloadedError("the engine is shutting down")


def _run_forever(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _cancel_others_then(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await last()

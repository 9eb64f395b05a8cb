"""Single flight: of identical calls that run at once, one loads and the others get its answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

from engine.deadline import Deadline
from engine.errors import DeadlineExceededError, EngineError
from engine.executor_cache.envelope import CachedAnswer, open_sealed
from engine.model import Payload
from engine.ports import CacheKey, SharedState

_POLL_S = 0.01
_LEASE_MARGIN_S = 1.0


class Flight:
    """One caller's part in loading an answer.

    With `answer` set somebody else loaded it. Otherwise this caller is the leader: it loads, and
    says what came of it by `publish` or `fail`; leaving without either passes the lead on.
    """

    def __init__(self, answer: CachedAnswer | None = None) -> None:
        self.answer = answer
        self.error: EngineError | None = None
        self._landed = False
        self._changed = Condition()

    @property
    def leader(self) -> bool:
        """Whether this caller is the one to load."""
        return self.answer is None

    def publish(self, payload: Payload) -> None:
        """Give the loaded answer to everyone who waits."""
        self.answer = CachedAnswer(payload, age_s=0.0, fresh=True, stale_s=0.0)

    def fail(self, error: EngineError) -> None:
        """Let everyone who waits in this process fail alike."""
        self.error = error

    def land(self) -> None:
        """Wake everyone who waits."""
        self._landed = True
        self._wake()

    def wait(self, deadline: Deadline) -> None:
        """Wait for the leader.

        Raises:
            DeadlineExceededError: It took longer than this caller's deadline.
            ExecutionCancelledError: This caller was told to stop.
        """
        with deadline.on_cancel(self._wake), self._changed:
            self._changed.wait_for(
                lambda: self._landed or deadline.is_cancelled(), deadline.remaining_s()
            )
        if deadline.cancellation is not None:
            deadline.cancellation.check()
        if not self._landed:
            raise DeadlineExceededError(
                f"an identical call that this one joined did not finish within "
                f"{deadline.budget_s:g} s"
            )

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


class Flights:
    """The flights of this process, one leader of which takes a lease over all processes.

    A flight is named by the cache key and the tags' generations: who asks after an invalidation
    never joins a load that was begun before it. A leader whose process is killed leaves its lease
    behind; who waits for it elsewhere loads by itself after half of its own time.
    """

    def __init__(self, shared: SharedState, sleep: Callable[[float], None] = time.sleep) -> None:
        self._shared = shared
        self._sleep = sleep
        self._lock = Lock()
        self._flights: dict[str, Flight] = {}

    @contextmanager
    def join(self, cache: CacheKey, generations: str, deadline: Deadline) -> Iterator[Flight]:
        """Board the flight of an answer; see `Flight` for what the caller then does.

        Raises:
            EngineError: The leader's, when it failed.
            DeadlineExceededError: The leader took longer than this caller's deadline.
        """
        name = f"{cache.key}:{generations}"
        flight, leads = self._board(name)
        while not leads:
            flight.wait(deadline)
            if flight.error:
                raise flight.error
            if flight.answer:
                yield Flight(flight.answer)
                return
            flight, leads = self._board(name)
        token = None
        try:
            token, flight.answer = self._clear_across_processes(name, cache, deadline)
            yield flight
        finally:
            with self._lock:
                del self._flights[name]
            flight.land()
            if token:
                self._shared.unlock(name, token)

    def _board(self, name: str) -> tuple[Flight, bool]:
        with self._lock:
            under_way = self._flights.get(name)
            if under_way:
                return under_way, False
            flight = self._flights[name] = Flight()
            return flight, True

    def _clear_across_processes(
        self, name: str, cache: CacheKey, deadline: Deadline
    ) -> tuple[str | None, CachedAnswer | None]:
        """The lease to load, or the answer that another process stored meanwhile."""
        patience = deadline.within(deadline.remaining_s() / 2)
        while True:
            token = self._shared.lock(name, deadline.remaining_s() + _LEASE_MARGIN_S)
            answer = self._stored(cache)
            if token or answer or patience.remaining_s() <= 0:
                return token, answer
            deadline.check("the call")
            self._sleep(_POLL_S)

    def _stored(self, cache: CacheKey) -> CachedAnswer | None:
        entry = self._shared.peek(cache)
        return open_sealed(entry) if entry and entry.fresh else None

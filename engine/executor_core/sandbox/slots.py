"""A bounded number of places for running scripts, shared fairly by tenants."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from engine.deadline import Deadline
from engine.errors import OverloadedError

_WAITING_PER_SLOT = 8
_RETRY_AFTER_S = 1.0


@dataclass(eq=False)
class _Waiter:
    tenant_id: str
    woken: threading.Event = field(default_factory=threading.Event)
    is_admitted: bool = False


class Slots:
    """At most `total` scripts at once, at most half of them for one tenant, in order of arrival.

    A tenant at its half waits without holding up those behind it. Thread-safe.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._per_tenant = max(1, total // 2)
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._waiting: deque[_Waiter] = deque()

    @contextmanager
    def hold(self, tenant_id: str, deadline: Deadline) -> Iterator[None]:
        """Take a place for the block, waiting for one while the deadline allows.

        Raises:
            OverloadedError: The queue is full, or no place came free in time.
        """
        self._enter(tenant_id, deadline)
        try:
            yield
        finally:
            self._leave(tenant_id)

    def _enter(self, tenant_id: str, deadline: Deadline) -> None:
        waiter = _Waiter(tenant_id)
        with deadline.on_cancel(waiter.woken.set):
            with self._lock:
                if not self._waiting_before(tenant_id) and self._has_room(tenant_id):
                    self._running[tenant_id] += 1
                    return
                if len(self._waiting) >= self._total * _WAITING_PER_SLOT:
                    raise _overloaded("too many scripts are waiting")
                self._waiting.append(waiter)
            waiter.woken.wait(deadline.remaining_s())
        with self._lock:
            if waiter.is_admitted:
                return
            self._waiting.remove(waiter)
        raise _overloaded("no place for a script came free in time")

    def _leave(self, tenant_id: str) -> None:
        with self._lock:
            self._running[tenant_id] -= 1
            if not self._running[tenant_id]:
                del self._running[tenant_id]
            for waiter in tuple(self._waiting):
                if self._has_room(waiter.tenant_id):
                    self._waiting.remove(waiter)
                    self._running[waiter.tenant_id] += 1
                    waiter.is_admitted = True
                    waiter.woken.set()

    def _has_room(self, tenant_id: str) -> bool:
        return self._running.total() < self._total and self._running[tenant_id] < self._per_tenant

    def _waiting_before(self, tenant_id: str) -> bool:
        return any(waiter.tenant_id == tenant_id for waiter in self._waiting)


def _overloaded(why: str) -> OverloadedError:
    return OverloadedError(
        f"{why}: the script was not started",
        hint="Try again shortly, or raise the number of script slots.",
        retry_after_s=_RETRY_AFTER_S,
    )

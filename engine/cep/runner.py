"""Runs the rules of every tenant in the background: one process looks, and calls what fired.

Which process looks is settled by a lease; that nothing fires twice is not. It rests on what is
recorded: a look at events, with all that fired by it, is one transaction that only the first of
several can make, and each cause of a firing is recorded once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Protocol
from uuid import UUID

from engine.cancellation import Cancellation
from engine.cep.actions import ActionRunner, ended
from engine.cep.watch import MetricValue, TenantWatch
from engine.errors import EngineError, NotFoundError
from engine.model.cep import Firing
from engine.ports.cep import EventStore, FiringStore, RuleStamp, RuleStore

logger = logging.getLogger(__name__)

LEASE = "rules"
LEASE_S = 15.0
KEPT_FOR = timedelta(seconds=60)
"""An action whose process is not heard of for so long is run by another one."""
ACTIONS_AT_ONCE = 4
BUSY_S, IDLE_S = 1.0, 5.0
SETTLE_S = 0.02
"""Between two looks, so that posts that follow each other closely are looked at together."""


class Lease(Protocol):
    """The right to be the one that looks."""

    def take(self, name: str, ttl_s: float) -> bool:
        """Take it, or keep it for longer; False while another holds it."""
        ...

    def release(self, name: str) -> None:
        """Give it up; without effect when it is another's."""
        ...


class RuleRunner:
    """A thread that looks at events, metrics and the clock, and a few that run actions.

    `nudge` lets it look at once. Nothing runs before `start`.
    """

    def __init__(
        self,
        *,
        rules: RuleStore,
        events: EventStore,
        firings: FiringStore,
        actions: ActionRunner,
        metric_value: MetricValue,
        lease: Lease,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._rules = rules
        self._events = events
        self._firings = firings
        self._actions = actions
        self._metric_value = metric_value
        self._lease = lease
        self._clock = clock
        self._watches: dict[str, TenantWatch] = {}
        self._running: dict[UUID, tuple[Future[None], Cancellation]] = {}
        self._pool = ThreadPoolExecutor(ACTIONS_AT_ONCE, thread_name_prefix="rule-action")
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._one_look = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, *, delay_s: float) -> None:
        """Begin to look, after a while: a process that ends soon had better not begin."""
        self._thread = threading.Thread(
            target=self._run, args=(delay_s,), name="rules", daemon=True
        )
        self._thread.start()

    def nudge(self) -> None:
        """Look soon."""
        self._wake.set()

    def close(self) -> None:
        """Stop, cancelling the actions under way; another process runs them anew."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        for _, cancellation in tuple(self._running.values()):
            cancellation.cancel("the process that ran it is ending")
        self._pool.shutdown(cancel_futures=True)
        try:
            self._firings.renew(tuple(self._running), self._clock())
            self._lease.release(LEASE)
        except EngineError as error:
            logger.warning("the rules' lease was not given up, and ends by itself: %s", error)

    def run_once(self) -> bool:
        """Look once, if this is the process to do it; whether there was anything to do."""
        with self._one_look:
            now = self._clock()
            stamps = self._rules.active()
            if not stamps and not self._running and not self._firings.is_waiting(now):
                return False
            if not self._lease.take(LEASE, LEASE_S):
                self._watches.clear()
                return bool(stamps)
            self._look(stamps, now)
            self._run_actions()
            return True

    def wait_for_actions(self, timeout_s: float) -> None:
        """Wait until the actions under way have ended; raises TimeoutError."""
        for future, _ in tuple(self._running.values()):
            future.result(timeout_s)

    def _run(self, delay_s: float) -> None:
        self._stopped.wait(delay_s)
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                is_busy = self.run_once()
            except EngineError as error:
                logger.warning("the rules were not looked at, and will be soon: %s", error)
                is_busy = False
            self._wake.wait(BUSY_S if is_busy else IDLE_S)
            self._stopped.wait(SETTLE_S)

    def _look(self, stamps: tuple[RuleStamp, ...], now: datetime) -> None:
        by_tenant = {
            tenant_id: frozenset(found)
            for tenant_id, found in groupby(sorted(stamps, key=_tenant), key=_tenant)
        }
        for gone in self._watches.keys() - by_tenant.keys():
            del self._watches[gone]
        for tenant_id, found in by_tenant.items():
            watch = self._watches.get(tenant_id)
            if watch is None:
                watch = self._watches[tenant_id] = TenantWatch(
                    tenant_id, self._rules, self._events, self._firings, self._metric_value
                )
            if watch.look(found, now):
                self._wake.set()

    def _run_actions(self) -> None:
        """Take firings that wait, as many as there are threads for, and keep those under way."""
        for firing_id in [each for each, (future, _) in self._running.items() if future.done()]:
            del self._running[firing_id]
        now = self._clock()
        self._firings.renew(tuple(self._running), now + KEPT_FOR)
        free = ACTIONS_AT_ONCE - len(self._running)
        if free and not self._stopped.is_set():
            for firing in self._firings.claim(now, now + KEPT_FOR, free):
                cancellation = Cancellation()
                future = self._pool.submit(self._act, firing, cancellation)
                self._running[firing.id] = (future, cancellation)

    def _act(self, firing: Firing, cancellation: Cancellation) -> None:
        try:
            self._finish(firing, cancellation)
        except EngineError as error:
            logger.warning("what rule %s set off was not recorded: %s", firing.rule_name, error)
        finally:
            self._wake.set()

    def _finish(self, firing: Firing, cancellation: Cancellation) -> None:
        try:
            rule = self._rules.get(firing.tenant_id, str(firing.rule_id))
        except NotFoundError as error:
            why = (error.code, "the rule was deleted before its action ran")
            self._firings.finish(ended(firing, status="rejected", error=why))
            return
        done = self._actions.run(rule, firing, cancellation)
        if not self._stopped.is_set() or not cancellation.is_ordered:
            self._firings.finish(done)


def _tenant(stamp: RuleStamp) -> str:
    return stamp.tenant_id

"""Schedules: something that is due at times, over all processes once each time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from engine.ports.jobs import JobQueue

logger = logging.getLogger(__name__)

OnDue = Callable[[str, datetime, Mapping[str, Any]], None]
"""Is told which schedule is due, since when, and what was stored with it."""


class Schedules:
    """Cron schedules of several kinds; each kind has one part of the engine that acts on it.

    A schedule fires in whichever process takes it, once; a process that is killed while it acts
    leaves that to another, so acting twice must do no harm. Times that pass while no process runs
    are not made up for.
    """

    def __init__(self, queue: JobQueue, wake: Callable[[], None]) -> None:
        self._queue = queue
        self._wake = wake
        self._acts: dict[str, OnDue] = {}

    def on_due(self, kind: str, act: OnDue) -> None:
        """Have `act` called for every schedule of a kind; set before the first is put."""
        self._acts[kind] = act

    def put(self, kind: str, name: str, cron: str, context: Mapping[str, Any]) -> None:
        """Make a schedule, or replace the one of this kind and name.

        Args:
            kind: Whose schedule it is.
            name: Its name among its kind; with the tenant in it where names are a tenant's.
            cron: Five fields (minute, hour, day, month, weekday; UTC), or six with seconds first.
            context: Handed back when it is due; plain JSON.

        Raises:
            BadRequestError: The cron expression cannot be read.
        """
        self._queue.put_schedule(f"{kind}:{name}", cron, context)
        self._wake()

    def drop(self, kind: str, name: str) -> None:
        """Remove a schedule; without effect when there is none."""
        self._queue.drop_schedule(f"{kind}:{name}")

    def names(self, kind: str) -> tuple[str, ...]:
        """The schedules of a kind."""
        prefix = f"{kind}:"
        return tuple(name.removeprefix(prefix) for name in self._queue.schedules(prefix))

    def fire(self, full_name: str, due: datetime, context: Mapping[str, Any]) -> None:
        """Act on a schedule that is due; what it was stored by may be gone from this release."""
        kind, _, name = full_name.partition(":")
        act = self._acts.get(kind)
        if act is None:
            logger.warning("nothing acts on schedules of the kind %s: %s", kind, name)
            return
        act(name, due, context)

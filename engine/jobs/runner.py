"""The part of a process that runs jobs: begins when there is something to do, leaves in order."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from engine.errors import ConflictError, EngineError
from engine.jobs.runs import JobRuns
from engine.model.job import JobWorker, QueueRules
from engine.ports.jobs import JobQueue, JobStore, RunningQueue

logger = logging.getLogger(__name__)

TICK_S = 0.25
"""How soon progress is written down and a cancellation that came to another process is seen."""
_BEATS_UNTIL_LOST = 8
_TRY_AGAIN_AFTER_S = 2.0
_TICKS_A_TIDYING = int(300 / TICK_S)
_LOOK_FOR_WORK_S = 3.0
_PUT_AGAIN_AFTER_S = 10.0
_ABANDONED_WITHIN_S = 5.0


class JobRunner:
    """Runs jobs in threads of this process; thread-safe.

    Args:
        queues: Which queues to take jobs from, by their rules.
        is_embedded: Begin by itself when this process starts a job; otherwise jobs wait for a
            process whose only task they are.
        drain_s: How long jobs may finish when the process leaves; those that have not are given
            to other workers, which go on from the last node that ended.
        lost_after_s: A worker that was not heard of for so long is lost: its jobs are given to
            others. Each says eight times in that span that it is alive.
        kept_days: How long jobs that have ended are kept.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        queue: JobQueue,
        runs: JobRuns,
        worker: str,
        queues: Mapping[str, QueueRules],
        is_embedded: bool,
        drain_s: float,
        lost_after_s: float,
        kept_days: int,
    ) -> None:
        self._store = store
        self._queue = queue
        self._runs = runs
        self._queues = dict(queues)
        self._is_embedded = is_embedded
        self._drain_s = drain_s
        self._lost_after = timedelta(seconds=lost_after_s)
        self._heartbeat_s = max(TICK_S, lost_after_s / _BEATS_UNTIL_LOST)
        self._kept = timedelta(days=kept_days)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: RunningQueue | None = None
        self._wanted = threading.Event()
        self._leaving = threading.Event()
        now = datetime.now(UTC)
        self._about = JobWorker(
            id=worker,
            host=socket.gethostname(),
            pid=os.getpid(),
            queues=tuple(self._queues),
            started_at=now,
            seen_at=now,
        )

    def wake(self) -> None:
        """There is something to do; without effect where jobs are left to other processes."""
        if self._is_embedded:
            self._wanted.set()
            self._begin()

    def watch(self) -> None:
        """Look now and then, without cost, whether there is something to do, and begin then."""
        if self._is_embedded:
            self._begin()

    def work(self, queues: tuple[str, ...] = ()) -> None:
        """Begin now, whatever the settings say, and with these queues alone if any are named.

        Raises:
            ConflictError: A queue is not among the settings.
        """
        unknown = [name for name in queues if name not in self._queues]
        if unknown:
            known = ", ".join(self._queues)
            raise ConflictError(f"there is no queue {unknown[0]!r}; known: {known}")
        if queues:
            self._queues = {name: self._queues[name] for name in queues}
            self._about = self._about.model_copy(update={"queues": queues})
        self._wanted.set()
        self._begin()

    def stop_here(self, job_id: UUID) -> None:
        """Cancel a job at once if this is the process that runs it."""
        self._runs.stop([job_id])

    @property
    def is_running(self) -> bool:
        """Whether this process takes jobs."""
        return self._process is not None

    def close(self) -> None:
        """Take no more jobs, let those that run finish, hand over those that do not; idempotent."""
        self._leaving.set()
        self._wanted.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._leaving.is_set():
                self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._wanted.wait(_LOOK_FOR_WORK_S):
            self._try(self._look)
        if self._leaving.is_set() or not self._started():
            return
        try:
            self._serve()
        finally:
            self._leave()

    def _look(self) -> None:
        if self._queue.is_in_use() or self._store.has_open():
            self._wanted.set()

    def _started(self) -> bool:
        while not self._leaving.is_set():
            try:
                self._store.seen(self._about)
                self._process = self._queue.run(self._about.id, self._queues, self._runs.run)
            except ConflictError as error:
                logger.warning("jobs wait for another process: %s", error)
                return False
            except EngineError as error:
                logger.warning("jobs cannot be run yet, it is tried again: %s", error)
                self._leaving.wait(_TRY_AGAIN_AFTER_S)
            else:
                return True
        return False

    def _serve(self) -> None:
        tick, ticks_a_beat = 0, int(self._heartbeat_s / TICK_S)
        while not self._leaving.wait(TICK_S):
            if self._runs.is_busy():
                self._try(self._attend)
            if tick % ticks_a_beat == 0:
                self._try(self._beat)
            if tick % _TICKS_A_TIDYING == 0:
                self._try(self._tidy)
            tick += 1

    def _attend(self) -> None:
        """Write progress down, and stop what is to be stopped."""
        progress = self._runs.changes()
        if progress:
            self._store.note_progress(self._about.id, progress)
        self._runs.stop(self._store.cancelled(self._about.id))

    def _beat(self) -> None:
        """Say that this worker is alive, and take care of what those that are not have left."""
        now = datetime.now(UTC)
        self._store.seen(self._about.model_copy(update={"seen_at": now}))
        silent = now - self._lost_after
        lost = [worker.id for worker in self._store.workers() if worker.seen_at < silent]
        if lost and self._process is not None:
            count = self._process.reclaim(lost)
            self._store.left(lost)
            logger.warning("lost workers: %s; %d of their jobs are queued again", lost, count)
        for job in self._store.waiting_since(now - timedelta(seconds=_PUT_AGAIN_AFTER_S)):
            self._queue.put(job)

    def _tidy(self) -> None:
        while dropped := self._store.drop_ended(datetime.now(UTC) - self._kept):
            self._queue.forget(dropped)

    def _leave(self) -> None:
        process = self._process
        if process is None:
            return
        process.stop_taking()
        if not self._drained():
            self._try(lambda: self._hand_over(process))
        self._try(lambda: self._store.left([self._about.id]))
        process.close()
        self._process = None

    def _drained(self) -> bool:
        left_s = self._drain_s
        while left_s > 0:
            if self._runs.wait_for_none(min(left_s, self._heartbeat_s)):
                return True
            left_s -= self._heartbeat_s
            self._try(self._attend)
            self._try(lambda: self._store.seen(self._about.model_copy(update=_seen_now())))
        return self._runs.wait_for_none(0)

    def _hand_over(self, process: RunningQueue) -> None:
        # In this order: what is broken off must be nobody's outcome any more.
        process.reclaim([self._about.id])
        self._runs.abandon()
        self._runs.wait_for_none(_ABANDONED_WITHIN_S)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except EngineError as error:
            logger.warning("the work on jobs goes on in spite of: %s", error)


def _seen_now() -> dict[str, datetime]:
    return {"seen_at": datetime.now(UTC)}

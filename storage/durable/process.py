"""The queues as the one process part sees them that takes jobs from them."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from uuid import UUID

from dbos import DBOS, DBOSConfig
from sqlalchemy import event

from engine.errors import ConflictError
from engine.model.job import QueueRules
from engine.ports.jobs import RunJob
from storage.durable.place import APPLICATION, RUN_JOB, VERSION, Place

POLL_S = 0.25
"""How often an idle queue is looked at."""
_SCHEDULES_POLL_S = 3600.0
"""We keep no schedules in DBOS; it has no way to be told not to look for any."""
_MAX_BEGINNINGS = 50
"""A job that has lost so many workers is taken to be what ends them."""
_THREADS_BESIDE = 6

_only_one = threading.Lock()
"""DBOS is one object in a process, so a process takes jobs for one engine."""


class QueueProcess:
    """The `RunningQueue` on DBOS.

    Raises:
        ConflictError: Another engine of this process takes jobs.
    """

    def __init__(
        self,
        place: Place,
        worker: str,
        queues: Mapping[str, QueueRules],
        run_job: RunJob,
    ) -> None:
        if not _only_one.acquire(blocking=False):
            raise ConflictError(
                "another engine of this process runs jobs already",
                hint="Run the jobs of a second instance by a worker: api-engine worker.",
            )
        self._place = place
        try:
            _log_as_we_do()
            self._dbos = DBOS(config=_config(place, worker, queues))
            _register(run_job)
            DBOS.listen_queues(list(queues))
            DBOS.launch()
            for name, rules in queues.items():
                _register_queue(name, rules, place.tick_s)
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            _only_one.release()
            raise

    def reclaim(self, worker_ids: Sequence[str]) -> int:
        """Queue again what workers that are lost had begun; how many.

        Each job only if it is still that worker's: whoever else reclaims it at the same moment
        finds nothing. What a lost worker does later is refused, for it no longer owns the job.
        """
        # No public method does this one in one statement; `resume_workflow` asks for no owner.
        return len(DBOS._recover_pending_workflows(list(worker_ids)))

    def stop_taking(self) -> None:
        """Begin no more jobs."""
        for stop in self._dbos.background_thread_stop_events:
            stop.set()

    def close(self) -> None:
        """Leave; what still runs must have been reclaimed before."""
        # A thread whose job another worker has now waits for that one's result, for as long as it
        # can ask; the end of this process would wait for the thread.
        event.listen(self._dbos._sys_db.engine, "do_connect", _refuse)
        DBOS.destroy(destroy_registry=True)
        self._place.close()
        _only_one.release()


class _ClosedError(Exception):
    """The queues were left; nothing of this process has to do with them any more."""


def _refuse(*_: object) -> NoReturn:
    raise _ClosedError


class _Checkpoints:
    """The `Checkpoints` of one job: each node is a step, numbered by its place in the workflow."""

    def __init__(self) -> None:
        self._context = contextvars.copy_context()
        self._steps: dict[str, Any] = {}

    def begin(self, names: Sequence[str]) -> None:
        self._steps = {name: DBOS.reserve_step() for name in names}

    def once(self, name: str, work: Callable[[], str]) -> str:
        # A context can be entered by one thread at a time.
        context = self._context.copy()
        result: str = context.run(self._steps[name].run, {"name": name}, work)
        return result


def _register(run_job: RunJob) -> None:
    @DBOS.workflow(name=RUN_JOB, max_recovery_attempts=_MAX_BEGINNINGS)
    def run(job_id: str) -> None:
        run_job(UUID(job_id), _Checkpoints())


def _register_queue(name: str, rules: QueueRules, tick_s: int) -> None:
    limiter = None
    if rules.rate is not None:
        limiter = {"limit": rules.rate.limit, "period": rules.rate.window_s + tick_s}
    here = min(rules.concurrency, rules.total_concurrency or rules.concurrency)
    DBOS.register_queue(
        name,
        worker_concurrency=here,
        global_concurrency=rules.total_concurrency,
        # Partitions are tenants. They are asked in random order, so none is always the first.
        partition_worker_concurrency=min(here, rules.tenant_concurrency or here),
        partition_concurrency=rules.tenant_concurrency,
        limiter=limiter,  # type: ignore[arg-type]  # a TypedDict
        polling_interval_sec=POLL_S,
        on_conflict="always_update",
    )


def _config(place: Place, worker: str, queues: Mapping[str, QueueRules]) -> DBOSConfig:
    running = sum(rules.concurrency for rules in queues.values())
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": place.url,
        "application_version": VERSION,
        "executor_id": worker,
        "log_level": "WARNING",
        "sys_db_pool_size": running + _THREADS_BESIDE,
        "scheduler_polling_interval_sec": _SCHEDULES_POLL_S,
        # Without asking first whether a connection still is one, which takes as long as a statement
        # and is done twice a step: DBOS repeats what fails for a connection that is lost.
        "db_engine_kwargs": {"pool_pre_ping": False},
    }
    if place.engine is not None:
        config["system_database_engine"] = place.engine
    if place.schema is not None:
        config["dbos_system_schema"] = place.schema
    return config


def _log_as_we_do() -> None:
    """Leave DBOS's log lines to the handlers of this program: it adds one of its own otherwise."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())

"""Where jobs are kept, and what runs them durably."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.model import Page
from engine.model.job import Job, JobOutcome, JobQuery, JobWork, JobWorker, NodeProgress, QueueRules
from engine.ports.access import AuditEntry
from engine.ports.execution import Checkpoints

RunJob = Callable[[UUID, Checkpoints], None]
"""Runs a job to its end; called again, maybe by another process, when it did not come there."""


class JobStore(Protocol):
    """Jobs, what they are to do and what came of them; every method is one transaction."""

    def add(self, job: Job, work: JobWork) -> None:
        """Keep a new job."""
        ...

    def get(self, tenant_id: str, job_id: UUID) -> Job:
        """A job of the tenant; raises NotFoundError."""
        ...

    def search(self, tenant_id: str, query: JobQuery) -> Page[Job]:
        """The tenant's jobs, newest first, without their nodes."""
        ...

    def work(self, tenant_id: str, job_id: UUID) -> JobWork:
        """What a job is to do."""
        ...

    def answer(self, tenant_id: str, job_id: UUID) -> bytes | None:
        """The answer of a job that succeeded."""
        ...

    def begin(self, job_id: UUID, worker: str, now: datetime) -> Job | None:
        """Note that a worker begins a job; None when there is nothing left to do."""
        ...

    def note_progress(self, worker: str, progress: Mapping[UUID, Sequence[NodeProgress]]) -> None:
        """Keep how nodes get on, of jobs that this worker still has."""
        ...

    def end(
        self,
        job_id: UUID,
        worker: str,
        outcome: JobOutcome,
        nodes: Sequence[NodeProgress] | None,
        now: datetime,
    ) -> bool:
        """Note the end of a job; False when another worker has it by now."""
        ...

    def ask_to_cancel(
        self, tenant_id: str, job_id: UUID, now: datetime, audit: AuditEntry | None = None
    ) -> Job:
        """End a job that waits, or have the worker of one that runs told; the job as it then is.

        The entry is written if there was something to stop that nobody had asked for before.
        """
        ...

    def cancelled(self, worker: str) -> frozenset[UUID]:
        """The jobs of a worker that it is to stop."""
        ...

    def waiting_since(self, before: datetime) -> tuple[Job, ...]:
        """Jobs that were queued before a time and have not been begun."""
        ...

    def has_open(self) -> bool:
        """Whether any job of any tenant has not ended."""
        ...

    def drop_ended(self, before: datetime) -> tuple[UUID, ...]:
        """Remove some jobs that ended before a time; which."""
        ...

    def seen(self, worker: JobWorker) -> None:
        """Note that a worker is alive."""
        ...

    def workers(self) -> tuple[JobWorker, ...]:
        """Every worker that has not left, also those that were lost."""
        ...

    def left(self, worker_ids: Iterable[str]) -> None:
        """Forget workers."""
        ...

    def count_by_status(self, tenant_id: str) -> Mapping[str, int]:
        """How many jobs of the tenant there are in each status."""
        ...


class JobQueue(Protocol):
    """Durable queues: what is put in is run to its end once, whichever process dies."""

    def put(self, job: Job) -> None:
        """Queue a job; without effect when it is queued already."""
        ...

    def withdraw(self, job_id: UUID) -> None:
        """Take out a job that has not begun."""
        ...

    def finished_nodes(self, job_id: UUID) -> Mapping[str, str]:
        """What was kept of the nodes of a job that have ended."""
        ...

    def forget(self, job_ids: Sequence[UUID]) -> None:
        """Remove every trace of jobs that have ended."""
        ...

    def run(self, worker: str, queues: Mapping[str, QueueRules], run_job: RunJob) -> RunningQueue:
        """Begin to take jobs in this process."""
        ...

    def is_in_use(self) -> bool:
        """Whether anything was ever put in; costs next to nothing."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class RunningQueue(Protocol):
    """A process that takes jobs from its queues."""

    def reclaim(self, worker_ids: Sequence[str]) -> int:
        """Queue again what workers that are lost had begun; how many."""
        ...

    def stop_taking(self) -> None:
        """Begin no more jobs."""
        ...

    def close(self) -> None:
        """Leave; what still runs must have been reclaimed before."""
        ...

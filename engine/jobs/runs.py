"""Runs jobs through the pipeline, each once to its end, and knows which are running."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from engine.call import ExecutionRequest
from engine.cancellation import AbandonedError, Cancellation
from engine.catalog import ApiCatalog
from engine.errors import EngineError, StoreUnavailableError
from engine.jobs.progress import JobProgress
from engine.jobs.service import key_of
from engine.model import Caller, ExecutionResult
from engine.model.job import Job, JobOutcome, JobWork, NodeProgress
from engine.outcome import error_info
from engine.pipeline import Pipeline
from engine.ports import Checkpoints, WorkflowRunOptions
from engine.ports.jobs import JobStore

logger = logging.getLogger(__name__)

T = TypeVar("T")

_STORE_RETRY_S = 1.0


@dataclass(slots=True)
class _Running:
    progress: JobProgress
    cancellation: Cancellation = field(default_factory=Cancellation)


class JobRuns:
    """The jobs that this process runs; each by a thread of its own.

    A job is run as whoever started it, with what that caller could do then. One log record is
    left for it and for each of its nodes, however often they were begun: their ids follow from the
    job's.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        pipeline: Pipeline,
        catalog: ApiCatalog,
        worker: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._catalog = catalog
        self._worker = worker
        self._sleep = sleep
        self._running: dict[UUID, _Running] = {}
        self._changed = threading.Condition()
        self._is_leaving = False

    def run(self, job_id: UUID, checkpoints: Checkpoints) -> None:
        """Run a job to its end; without effect for one that has ended."""
        job = self._patiently(lambda: self._store.begin(job_id, self._worker, datetime.now(UTC)))
        if job is None:
            return
        running = _Running(JobProgress(job.nodes))
        with self._changed:
            self._running[job_id] = running
        try:
            outcome = self._outcome(job, checkpoints, running)
            nodes = running.progress.all() if job.nodes else None
            self._patiently(
                lambda: self._store.end(job_id, self._worker, outcome, nodes, datetime.now(UTC))
            )
        except AbandonedError:
            logger.info("job %s is left to another worker", job_id)
        finally:
            with self._changed:
                del self._running[job_id]
                self._changed.notify_all()

    def stop(self, job_ids: Iterable[UUID]) -> None:
        """Cancel those of these jobs that run here."""
        with self._changed:
            found = [self._running[job_id] for job_id in job_ids if job_id in self._running]
        for running in found:
            running.cancellation.cancel("its job was cancelled")

    def abandon(self) -> None:
        """Break off every job without an outcome: they were given to other workers."""
        self._is_leaving = True
        with self._changed:
            found = list(self._running.values())
        for running in found:
            running.cancellation.abandon()

    def wait_for_none(self, within_s: float) -> bool:
        """Wait until no job runs here; whether that came to be in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, within_s)

    def is_busy(self) -> bool:
        """Whether any job runs here."""
        return bool(self._running)

    def changes(self) -> Mapping[UUID, tuple[NodeProgress, ...]]:
        """Progress that was made since this was last asked, by job."""
        with self._changed:
            running = dict(self._running)
        found = {job_id: each.progress.changes() for job_id, each in running.items()}
        return {job_id: nodes for job_id, nodes in found.items() if nodes is not None}

    def _outcome(self, job: Job, checkpoints: Checkpoints, running: _Running) -> JobOutcome:
        try:
            work = self._store.work(job.tenant_id, job.id)
            caller = Caller.model_validate(work.caller)
            request = self._request(job, work, checkpoints, running)
            result = self._pipeline.execute(request, caller)
        except EngineError as error:
            running.progress.settle(())
            return JobOutcome(status=error.outcome, error=error_info(error))
        running.progress.settle(result.steps)
        return _outcome_of(result)

    def _request(
        self, job: Job, work: JobWork, checkpoints: Checkpoints, running: _Running
    ) -> ExecutionRequest:
        options = WorkflowRunOptions(
            pinned=work.pinned, watcher=running.progress, checkpoints=checkpoints
        )
        return ExecutionRequest(
            api=str(job.api_id),
            params=work.params,
            input_payload=work.input_payload,
            source=job.source,
            trace_id=job.trace_id,
            version=self._version(job),
            cancellation=running.cancellation,
            job_timeout_s=work.timeout_s,
            idempotency_key=key_of(job.id),
            workflow=options if job.logic_type == "workflow" else None,
        )

    def _version(self, job: Job) -> int | None:
        """The version to ask for; None where the live one is it, which is compiled already."""
        live = self._catalog.resolve(job.tenant_id, str(job.api_id)).definition.version
        return None if live == job.api_version else job.api_version

    def _patiently(self, ask: Callable[[], T]) -> T:
        """What the store says, however long it is away: an end must not be lost with it."""
        while True:
            try:
                return ask()
            except StoreUnavailableError:
                if self._is_leaving:
                    raise AbandonedError from None
                logger.warning("the store of jobs is away; it is asked again")
                self._sleep(_STORE_RETRY_S)


def _outcome_of(result: ExecutionResult) -> JobOutcome:
    is_cancelled = result.error is not None and result.error.type == "cancelled"
    return JobOutcome(
        status="cancelled" if is_cancelled else result.status,
        row_count=result.row_count,
        error=result.error,
        answer=result.data_json if result.ok else None,
    )

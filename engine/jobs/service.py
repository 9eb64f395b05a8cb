"""Jobs as callers see them: started, watched, stopped, begun again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from engine.auth import authorize
from engine.call import execution_id_of
from engine.catalog import ApiCatalog
from engine.compilation import CompiledApi
from engine.errors import BadRequestError, ConflictError, NotFoundError, PermissionDeniedError
from engine.executor_workflow import CompiledWorkflow, NodeResult
from engine.executor_workflow.runner import included
from engine.jobs.ids import new_job_id
from engine.jobs.orders import JobOrder
from engine.model import Caller, Page
from engine.model.job import (
    PRIORITIES,
    Job,
    JobQuery,
    JobWork,
    JobWorker,
    NodeProgress,
)
from engine.ports import AuditEntry, WorkflowRunOptions
from engine.ports.jobs import JobQueue, JobStore
from engine.settings import Settings


class Jobs:
    """Jobs of the caller's tenant.

    A viewer may start jobs of APIs it may execute, and stop its own; an analyst may also pin data
    and stop anybody's. A key that is limited to some APIs sees its own jobs alone. The answer of a
    job is for who started it, and for admins.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        queue: JobQueue,
        catalog: ApiCatalog,
        settings: Settings,
        wake: Callable[[], None],
        stop_here: Callable[[UUID], None],
    ) -> None:
        self._store = store
        self._queue = queue
        self._catalog = catalog
        self._settings = settings
        self._wake = wake
        self._stop_here = stop_here

    def submit(self, order: JobOrder, caller: Caller) -> Job:
        """Start a job; what cannot run is refused here and not later.

        Raises:
            BadRequestError, ParamsInvalidError: The order cannot be carried out as it stands.
            NotFoundError, ApiInactiveError, PermissionDeniedError: As for a call.
        """
        api = self._catalog.resolve(caller.tenant_id, order.api)
        authorize(caller, "execute:run", api.definition)
        if order.pinned and order.retry_of is None:
            authorize(caller, "execute:test", api.definition)
        api.params.bind(order.params, caller)
        timeout_s = self._checked(order)
        job = _new_job(order, api, caller)
        work = JobWork(
            caller=caller.model_dump(mode="json"),
            params=order.params,
            input_payload=order.input_payload,
            timeout_s=timeout_s,
            pinned=order.pinned,
        )
        self._store.add(job, work)
        # Should this process die here, a worker finds the job waiting and queues it.
        self._queue.put(job)
        self._wake()
        return job

    def get(self, job_id: UUID, caller: Caller) -> Job:
        """A job with the progress of its nodes; raises NotFoundError."""
        authorize(caller, "jobs:read")
        job = self._store.get(caller.tenant_id, job_id)
        if _sees_only_its_own(caller) and job.created_by != caller.subject:
            raise NotFoundError(f"there is no job {job_id}")
        return job

    def search(self, query: JobQuery, caller: Caller) -> Page[Job]:
        """Jobs that match, newest first, without their nodes."""
        authorize(caller, "jobs:read")
        if _sees_only_its_own(caller):
            query = query.model_copy(update={"created_by": caller.subject})
        return self._store.search(caller.tenant_id, query)

    def counts(self, caller: Caller) -> Mapping[str, int]:
        """How many jobs of the tenant there are in each status."""
        authorize(caller, "jobs:read")
        return self._store.count_by_status(caller.tenant_id)

    def answer(self, job_id: UUID, caller: Caller) -> bytes:
        """The answer of a job that succeeded, as JSON.

        Raises:
            ConflictError: It has not ended, or did not succeed.
            PermissionDeniedError: Somebody else started it.
        """
        job = self.get(job_id, caller)
        _require_its_owner(job, caller)
        if job.status != "success":
            raise ConflictError(
                f"job {job_id} has no answer: it is {job.status}",
                details={"status": job.status},
                hint=None if job.has_ended else "Ask again when it has ended.",
            )
        return self._store.answer(caller.tenant_id, job_id) or b"null"

    def cancel(self, job_id: UUID, caller: Caller) -> Job:
        """Stop a job; one that has ended stays as it ended.

        One that runs is stopped within a second, wherever it runs; watch it to see when. The
        audit log says who stopped somebody else's.
        """
        job = self.get(job_id, caller)
        authorize(caller, "jobs:write")
        if job.created_by != caller.subject:
            authorize(caller, "execute:test")
        if job.has_ended:
            return job
        now = datetime.now(UTC)
        audit = None if job.created_by == caller.subject else _stopped_entry(job, caller, now)
        job = self._store.ask_to_cancel(caller.tenant_id, job_id, now, audit)
        if job.status == "cancelled":
            self._queue.withdraw(job_id)
        else:
            self._stop_here(job_id)
        return job

    def retry(
        self, job_id: UUID, caller: Caller, *, pinned: Mapping[str, Any] | None = None
    ) -> Job:
        """A new job that does what this one did not: nodes that ended well are not run again.

        Args:
            job_id: The job that failed or was stopped.
            caller: Who starts the new one; anybody but its starter needs the analyst role.
            pinned: Data of further nodes that are not to be run.

        Raises:
            ConflictError: The job has not ended, or succeeded.
        """
        job = self.get(job_id, caller)
        if not job.has_ended or job.status == "success":
            raise ConflictError(
                f"job {job_id} is {job.status}: there is nothing to do again",
                details={"status": job.status},
            )
        if pinned or job.created_by != caller.subject:
            authorize(caller, "execute:test")
        return self._again(job, caller, {**self._finished(job), **(pinned or {})})

    def run_again(self, job_id: UUID, caller: Caller, *, pinned: Mapping[str, Any]) -> Job:
        """A new job with the same inputs, of which the nodes in `pinned` are not run.

        Needs the analyst role, as data that is pinned takes the place of what would be computed.
        """
        job = self.get(job_id, caller)
        authorize(caller, "execute:test")
        return self._again(job, caller, pinned)

    def outputs(self, job_id: UUID, caller: Caller) -> Mapping[str, Any]:
        """The data of the nodes that have ended well; for who started the job, and for admins."""
        job = self.get(job_id, caller)
        _require_its_owner(job, caller)
        return self._finished(job)

    def _again(self, job: Job, caller: Caller, pinned: Mapping[str, Any]) -> Job:
        work = self._store.work(caller.tenant_id, job.id)
        order = JobOrder(
            api=str(job.api_id),
            params=work.params,
            input_payload=work.input_payload,
            queue=job.queue,
            priority=job.priority,
            timeout_s=work.timeout_s,
            pinned=self._known_nodes(pinned, job, caller),
            source=job.source,
            retry_of=job.id,
        )
        return self.submit(order, caller)

    def workers(self, caller: Caller) -> tuple[JobWorker, ...]:
        """The processes that run jobs."""
        authorize(caller, "jobs:read")
        return self._store.workers()

    def _checked(self, order: JobOrder) -> float:
        """The order's time limit."""
        if order.queue not in self._settings.queues:
            known = ", ".join(self._settings.queues)
            raise BadRequestError(f"there is no queue {order.queue!r}; known: {known}")
        if not PRIORITIES[0] <= order.priority <= PRIORITIES[1]:
            raise BadRequestError(f"a priority is a number from {PRIORITIES[0]} to {PRIORITIES[1]}")
        longest_s = self._settings.job_timeout_seconds
        timeout_s = longest_s if order.timeout_s is None else order.timeout_s
        if not 0 < timeout_s <= longest_s:
            raise BadRequestError(
                f"timeout_seconds is {timeout_s:g}; a job may take up to {longest_s:g} s",
                hint="API_ENGINE_JOB_TIMEOUT_SECONDS is the ceiling.",
            )
        return timeout_s

    def _finished(self, job: Job) -> dict[str, Any]:
        """The data of the nodes of a job that ended well, pinned ones included."""
        if not job.nodes:
            return {}
        pinned = self._store.work(job.tenant_id, job.id).pinned
        well = {node.node_id for node in job.nodes if node.state in {"success", "handled"}}
        kept = self._queue.finished_nodes(job.id)
        results = {name: NodeResult.read(text) for name, text in kept.items() if name in well}
        found = {
            name: result.data
            for name, result in results.items()
            if result.error is None and not result.is_skipped
        }
        return {**pinned, **found}

    def _known_nodes(
        self, pinned: Mapping[str, Any], job: Job, caller: Caller
    ) -> Mapping[str, Any]:
        """Without the nodes that the API no longer has, if it was changed since."""
        api = self._catalog.resolve(caller.tenant_id, str(job.api_id))
        nodes = api.logic.graph.index if isinstance(api.logic, CompiledWorkflow) else {}
        return {name: data for name, data in pinned.items() if name in nodes}


def _new_job(order: JobOrder, api: CompiledApi, caller: Caller) -> Job:
    job_id, definition = new_job_id(), api.definition
    return Job(
        id=job_id,
        tenant_id=caller.tenant_id,
        api_id=definition.id,
        api_name=definition.api_name,
        api_version=definition.version,
        logic_type=definition.logic_type,
        queue=order.queue,
        priority=order.priority,
        status="queued",
        created_by=caller.subject,
        source=order.source,
        trace_id=order.trace_id or uuid4().hex,
        created_at=datetime.now(UTC),
        retry_of=order.retry_of,
        execution_id=execution_id_of(key_of(job_id)),
        nodes=_nodes(order, api),
    )


def _stopped_entry(job: Job, caller: Caller, now: datetime) -> AuditEntry:
    return AuditEntry(
        tenant_id=caller.tenant_id,
        actor=caller.subject,
        action="job.cancel",
        target=str(job.id),
        at=now,
        detail={"api": job.api_name, "started_by": job.created_by},
    )


def key_of(job_id: UUID) -> str:
    """The idempotency key of what a job does."""
    return f"job-{job_id}"


def _nodes(order: JobOrder, api: CompiledApi) -> tuple[NodeProgress, ...]:
    if not isinstance(api.logic, CompiledWorkflow):
        if order.pinned:
            raise BadRequestError(f"{order.api!r} is no workflow, so no node of it can be pinned")
        return ()
    included(api.logic.graph, WorkflowRunOptions(pinned=order.pinned))
    for name, data in order.pinned.items():
        try:
            orjson.dumps(data)
        except TypeError as error:
            raise BadRequestError(f"the data pinned for {name!r} is no JSON: {error}") from error
    return tuple(
        NodeProgress(
            node_id=name,
            state="success" if name in order.pinned else "waiting",
            pinned=name in order.pinned,
        )
        for name in api.logic.graph.index
    )


def _require_its_owner(job: Job, caller: Caller) -> None:
    if job.created_by != caller.subject and not caller.has_role("admin"):
        raise PermissionDeniedError(f"the answer of job {job.id} is for who started it")


def _sees_only_its_own(caller: Caller) -> bool:
    return caller.scope is not None and caller.scope.names_apis

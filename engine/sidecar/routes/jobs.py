"""Jobs: executions that nobody waits for."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

import anyio
import orjson
from fastapi import APIRouter, Body, Query, Response
from fastapi.responses import StreamingResponse

from engine.errors import EngineError
from engine.jobs import JobOrder
from engine.model import Page
from engine.model.job import Job, JobQuery, JobStatus
from engine.sidecar.deps import ApiRef, Visit, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.job_schemas import CancelBody, JobBody, JobView, RetryBody
from engine.sidecar.openapi import documented
from engine.sidecar.repeats import IdempotencyKey, run_request
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/api-manager", tags=["jobs"])

LOOK_EVERY_S = 0.25
ALIVE_EVERY_S = 10.0
NOTHING_PINNED = RetryBody()
NOTHING_SAID = CancelBody()
_ACCEPTED: dict[str, Any] = {"status_code": 202}


@router.post("/{api}/jobs", include_in_schema=False, **_ACCEPTED)
@router.post("/apis/{api}/jobs", **_ACCEPTED, **documented(Envelope[JobView], 404, 409, 413))
async def start_job(
    api: ApiRef,
    visit: VisitDep,
    body: Annotated[JobBody, Body()] = JobBody(),  # noqa: B008 - frozen
    *,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Start a job of a published API; the answer tells where to watch it."""
    order = JobOrder(
        api=api,
        params=body.params,
        input_payload=body.input_payload,
        queue=body.queue,
        priority=body.priority,
        timeout_s=body.timeout_seconds,
        pinned=body.pinned,
        trace_id=visit.trace_id,
    )
    parts = ["job", api, body.model_dump(mode="json")]
    return await visit.run(
        run_request, visit, parts, lambda: _started(visit, order), key=idempotency_key
    )


@router.get("/jobs", **documented(Envelope[Page[JobView]]))
async def list_jobs(
    visit: VisitDep,
    *,
    api_id: UUID | None = None,
    status: JobStatus | None = None,
    queue: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 20,
    offset: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
) -> Response:
    """List jobs, newest first; each one's nodes are read with it alone."""
    query = JobQuery(api_id=api_id, status=status, queue=queue, limit=limit, offset=offset)
    page = await visit.run(visit.engine.jobs.search, query, visit.caller)
    shown = page.model_dump(exclude={"items"})
    return answer({"items": [_view(job) for job in page.items], **shown})


@router.get("/jobs/{job_id}", **documented(Envelope[JobView], 404))
async def read_job(job_id: UUID, visit: VisitDep) -> Response:
    """Read a job and how far each of its nodes is."""
    return answer(_view(await visit.run(visit.engine.jobs.get, job_id, visit.caller)))


@router.get("/jobs/{job_id}/result", **documented(Envelope[Any], 404, 409))
async def read_job_result(job_id: UUID, visit: VisitDep) -> Response:
    """Read the answer of a job that succeeded."""
    found = await visit.run(visit.engine.jobs.answer, job_id, visit.caller)
    return answer(orjson.Fragment(found))


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,
    **documented(Envelope[JobView], 404),
)
async def watch_job(job_id: UUID, visit: VisitDep) -> Response:
    """Follow a job as server-sent events: `progress` at every change, `end` at the end."""
    first = await visit.run(visit.engine.jobs.get, job_id, visit.caller)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(visit, first), media_type="text/event-stream", headers=headers)


@router.post("/jobs/{job_id}/cancel", **documented(Envelope[JobView], 404))
async def cancel_job(
    job_id: UUID,
    visit: VisitDep,
    _: Annotated[CancelBody, Body()] = NOTHING_SAID,
) -> Response:
    """Stop a job; one that runs ends within a second, one that has ended stays as it is."""
    return answer(_view(await visit.run(visit.engine.jobs.cancel, job_id, visit.caller)))


@router.post("/jobs/{job_id}/retry", **_ACCEPTED, **documented(Envelope[JobView], 404, 409))
async def retry_job(
    job_id: UUID, visit: VisitDep, body: Annotated[RetryBody, Body()] = NOTHING_PINNED
) -> Response:
    """Start a new job with what a failed one has not done: its finished nodes are not run again."""

    def retry() -> Response:
        return _accepted(visit.engine.jobs.retry(job_id, visit.caller, pinned=body.pinned))

    return await visit.run(retry)


def _started(visit: Visit, order: JobOrder) -> Response:
    return _accepted(visit.engine.jobs.submit(order, visit.caller))


def _accepted(job: Job) -> Response:
    # Relative, so that it holds behind /api and behind a proxy's prefix alike.
    location = f"/api-manager/jobs/{job.id}"
    return answer(_view(job), status=202, headers={"Location": location})


def _view(job: Job) -> dict[str, Any]:
    return {**job.model_dump(mode="json"), "progress": job.done_share}


async def _events(visit: Visit, job: Job) -> AsyncIterator[bytes]:
    shown: Mapping[str, Any] = {}
    silent_since = time.monotonic()
    while True:
        if (view := _view(job)) != shown:
            shown, silent_since = view, time.monotonic()
            yield _event("end" if job.has_ended else "progress", view)
        elif time.monotonic() - silent_since > ALIVE_EVERY_S:
            silent_since = time.monotonic()
            yield b": the job goes on\n\n"
        if job.has_ended:
            return
        await anyio.sleep(LOOK_EVERY_S)
        try:
            job = await visit.run(visit.engine.jobs.get, job.id, visit.caller)
        except EngineError as error:
            # The status is sent already; the reader is told, and comes back by itself.
            yield _event("error", {"type": error.code, "message": error.message})
            return


def _event(kind: str, data: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(data))

"""Calls: execute a published API, test a draft, say what a call would do."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Header, Request, Response

from engine.call import ExecutionRequest
from engine.cancellation import Cancellation
from engine.definition_fields import new_definition
from engine.model import ApiDefinition
from engine.sidecar.deps import ApiRef, Visit, VisitDep
from engine.sidecar.disconnects import while_wanted
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented, documented_call
from engine.sidecar.plain_route import PlainRoute
from engine.sidecar.repeats import IdempotencyKey, run_call
from engine.sidecar.results import AskedFormat, Format, WantTrace, answer_execution, negotiate
from engine.sidecar.schemas import Envelope, ExecuteBody, ExecutionView, UnsavedCall

router = APIRouter(prefix="/api-manager", tags=["execute"], route_class=PlainRoute)
CallBody = Annotated[ExecuteBody, Body()]
NOTHING_SENT = ExecuteBody()
_EXECUTED = documented_call(404, 409, 413, 429, 502, 504)
_DRY_RUN = documented(Envelope[dict[str, object]], 404, 409, 413, 502, 504)


@router.post("/test", **documented(Envelope[ExecutionView], 413, 502, 504))
async def try_unsaved(body: UnsavedCall, visit: VisitDep) -> Response:
    """Run a definition that is not saved yet, without cache, limits or breaker."""
    return await visit.run(lambda: _try(visit, _unsaved(visit, body), body))


@router.post("/dry-run", **_DRY_RUN)
async def dry_run_unsaved(body: UnsavedCall, visit: VisitDep) -> Response:
    """Say what a definition that is not saved yet would do, calling nothing."""
    return await visit.run(lambda: _dry_run(visit, _unsaved(visit, body), body))


@router.post("/{api}/execute", include_in_schema=False)
@router.post("/apis/{api}/execute", **_EXECUTED)
async def execute(
    api: ApiRef,
    request: Request,
    visit: VisitDep,
    body: CallBody = NOTHING_SENT,
    *,
    trace: WantTrace = False,
    asked: AskedFormat = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Call a published API."""
    stream = Cancellation() if idempotency_key is None else None
    call = ExecutionRequest(
        api=api,
        params=body.params,
        input_payload=body.input_payload,
        source="rest",
        trace_id=visit.trace_id,
        span_parent=visit.span_parent,
        request_id=visit.request_id,
        want_trace=trace,
        stream=stream,
    )
    fmt = negotiate(accept, asked)
    answer_call = partial(answer_execution, fmt=fmt, want_trace=trace, may_stream=bool(stream))
    answering = visit.run(run_call, visit, call, answer_call, key=idempotency_key, fmt=fmt)
    return await (while_wanted(request, stream, answering) if stream else answering)


@router.post("/{api}/test", include_in_schema=False)
@router.post("/apis/{api}/test", **documented(Envelope[ExecutionView], 404, 413, 502, 504))
async def try_saved(api: ApiRef, visit: VisitDep, body: CallBody = NOTHING_SENT) -> Response:
    """Run the draft, or the live version without one, without cache, limits or breaker."""
    return await visit.run(lambda: _try(visit, _working_copy(visit, api), body))


@router.post("/{api}/dry-run", include_in_schema=False)
@router.post("/apis/{api}/dry-run", **_DRY_RUN)
async def dry_run_saved(api: ApiRef, visit: VisitDep, body: CallBody = NOTHING_SENT) -> Response:
    """Say what the draft, or the live version without one, would do, calling nothing."""
    return await visit.run(lambda: _dry_run(visit, _working_copy(visit, api), body))


def _unsaved(visit: Visit, body: UnsavedCall) -> ApiDefinition:
    return new_definition({"api_name": "unsaved", **body.definition.sent()}, visit.caller)


def _working_copy(visit: Visit, ref: str) -> ApiDefinition:
    return visit.engine.apis.working_copy(ref, visit.caller)


def _try(visit: Visit, api: ApiDefinition, body: ExecuteBody) -> Response:
    return _run(visit, _request(visit, api, body), "json")


def _dry_run(visit: Visit, api: ApiDefinition, body: ExecuteBody) -> Response:
    return answer(visit.engine.dry_run(_request(visit, api, body), visit.caller))


def _run(visit: Visit, request: ExecutionRequest, fmt: Format) -> Response:
    result = visit.engine.run(request, visit.caller)
    return answer_execution(result, fmt, want_trace=request.want_trace)


def _request(visit: Visit, api: ApiDefinition, body: ExecuteBody) -> ExecutionRequest:
    return ExecutionRequest(
        api=api,
        params=body.params,
        input_payload=body.input_payload,
        source="test",
        trace_id=visit.trace_id,
        span_parent=visit.span_parent,
        request_id=visit.request_id,
        test=True,
        want_trace=True,
    )

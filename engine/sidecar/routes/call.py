"""Published APIs under their own names, with their parameters in the query string."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Request, Response

from engine.call import ExecutionRequest
from engine.cancellation import Cancellation
from engine.sidecar.deps import Visit, VisitDep
from engine.sidecar.disconnects import while_wanted
from engine.sidecar.etags import answer_tag, is_known
from engine.sidecar.openapi import documented_call
from engine.sidecar.plain_route import PlainRoute
from engine.sidecar.repeats import IdempotencyKey, run_call
from engine.sidecar.results import (
    AskedFormat,
    Format,
    WantTrace,
    answer_execution,
    negotiate,
    not_modified,
)
from engine.sidecar.schemas import ExecuteBody

router = APIRouter(tags=["call"], route_class=PlainRoute)
OPTIONS = frozenset({"format", "trace"})
"""Query parameters of the endpoint itself; an API's own of these names can be sent in a body."""
NOTHING_SENT = ExecuteBody()
_BY_QUERY = documented_call(404, 409, 429, 502, 504)
_BY_QUERY["responses"][304] = {"description": "The answer is the one named by If-None-Match."}
_BY_BODY = documented_call(404, 409, 413, 429, 502, 504)

ApiName = Annotated[str, Path(description="Name of an API.", examples=["delays-by-carrier"])]
Accept = Annotated[str, Header(include_in_schema=False)]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        description="The ETag of an answer kept from before: 304 while the answer is the same.",
    ),
]


@router.get("/call/{api_name}", **_BY_QUERY)
async def call_by_query(
    api_name: ApiName,
    request: Request,
    visit: VisitDep,
    *,
    asked: AskedFormat = None,
    trace: WantTrace = False,
    accept: Accept = "",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Call a published API with the parameters of the query string."""
    stream = Cancellation()
    call = _call(api_name, request, visit, NOTHING_SENT, want_trace=trace, stream=stream)
    fmt = negotiate(accept, asked)
    answering = visit.run(_answer_unless_known, visit, call, fmt, if_none_match)
    return await while_wanted(request, stream, answering)


@router.post("/call/{api_name}", **_BY_BODY)
async def call_by_body(
    api_name: ApiName,
    request: Request,
    visit: VisitDep,
    body: Annotated[ExecuteBody, Body()] = NOTHING_SENT,
    *,
    asked: AskedFormat = None,
    trace: WantTrace = False,
    accept: Accept = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Call a published API with the parameters of a body, of the query string, or of both."""
    stream = Cancellation() if idempotency_key is None else None
    call = _call(api_name, request, visit, body, want_trace=trace, stream=stream)
    fmt = negotiate(accept, asked)
    answer = partial(answer_execution, fmt=fmt, want_trace=trace, may_stream=bool(stream))
    answering = visit.run(run_call, visit, call, answer, key=idempotency_key, fmt=fmt)
    return await (while_wanted(request, stream, answering) if stream else answering)


def _call(
    api_name: str,
    request: Request,
    visit: Visit,
    body: ExecuteBody,
    *,
    want_trace: bool,
    stream: Cancellation | None = None,
) -> ExecutionRequest:
    pairs = request.query_params.multi_items()
    return ExecutionRequest(
        api=api_name,
        params=body.params,
        query=tuple(pair for pair in pairs if pair[0] not in OPTIONS),
        input_payload=body.input_payload,
        source="rest",
        trace_id=visit.trace_id,
        span_parent=visit.span_parent,
        request_id=visit.request_id,
        want_trace=want_trace,
        stream=stream,
    )


def _answer_unless_known(
    visit: Visit, call: ExecutionRequest, fmt: Format, if_none_match: str | None
) -> Response:
    result = visit.engine.run(call, visit.caller)
    if result.error is not None or call.want_trace:
        return answer_execution(result, fmt, want_trace=call.want_trace)
    tag = answer_tag(result, fmt)
    # A caller may keep the answer, and asks each time whether it still holds.
    kept = replace(
        result, headers={**result.headers, "ETag": tag, "Cache-Control": "private, no-cache"}
    )
    if is_known(tag, if_none_match):
        return not_modified(kept)
    return answer_execution(kept, fmt, want_trace=False, may_stream=True)

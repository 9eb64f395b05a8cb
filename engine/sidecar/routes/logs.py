"""The execution log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from orjson import Fragment

from engine.facade import Engine
from engine.model import Caller, ExecutionQuery, ExecutionRecord, ExecutionStatus, Page
from engine.sidecar.deps import ApiRef, AsUtc, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope, LogEntry, LogView

router = APIRouter(prefix="/api-manager", tags=["logs"])


Since = Annotated[
    datetime | None, AsUtc, Query(description="Not older than this; UTC unless it says otherwise.")
]


@router.get("/{api}/logs", include_in_schema=False)
@router.get("/apis/{api}/logs", **documented(Envelope[Page[LogEntry]], 404))
async def list_executions(
    api: ApiRef,
    visit: VisitDep,
    *,
    status: ExecutionStatus | None = None,
    since: Since = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    offset: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
) -> Response:
    """List the executions of an API, newest first; each one's answer is read with it alone."""
    found = await visit.run(
        _search,
        visit.engine,
        visit.caller,
        api,
        ExecutionQuery(status=status, since=since, limit=limit, offset=offset),
    )
    items = [_listed(record) for record in found.items]
    return answer(
        {"items": items, "total": found.total, "limit": found.limit, "offset": found.offset}
    )


@router.get("/executions/{execution_id}", **documented(Envelope[LogView], 404))
async def read_execution(execution_id: UUID, visit: VisitDep) -> Response:
    """Read one execution."""
    return answer(_view(await visit.run(visit.engine.logs.get, execution_id, visit.caller)))


def _search(
    engine: Engine, caller: Caller, ref: str, query: ExecutionQuery
) -> Page[ExecutionRecord]:
    api_id = engine.apis.get(ref, caller).id
    return engine.logs.search(query.model_copy(update={"api_id": api_id}), caller)


def _listed(record: ExecutionRecord) -> dict[str, Any]:
    """A record as a caller sees it: never with a stack trace."""
    return record.model_dump(exclude={"error_stacktrace", "response_data"})


def _view(record: ExecutionRecord) -> dict[str, Any]:
    """The same with its answer: as JSON where it is whole, as text where it was cut."""
    response = record.response_data
    if response is None or record.response_truncated:
        return {**_listed(record), "response_data": response}
    return {**_listed(record), "response_data": Fragment(response)}

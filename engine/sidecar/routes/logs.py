"""The execution log: by the page, one in full, and as a file."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from orjson import Fragment

from engine.log_export import ExportFormat, csv_header, csv_lines, json_lines
from engine.model import ExecutionPage, ExecutionRecord
from engine.sidecar.deps import ApiRef, Visit, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.log_filters import AskedPage, LogFilters, PageOfLog
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope, LogPage, LogView

router = APIRouter(prefix="/api-manager", tags=["logs"])

Pages = Iterator[tuple[ExecutionRecord, ...]]
_MEDIA_TYPES = {"csv": "text/csv", "jsonl": "application/jsonl"}
_FILE = documented(None, 404)
_FILE["responses"][200] = {
    "description": "The executions, newest first, one a line.",
    "content": {each: {"schema": {"type": "string"}} for each in _MEDIA_TYPES.values()},
}


class _PageOfAll(PageOfLog):
    """Of the whole tenant, or of one API."""

    api: str | None = None


class _All(LogFilters):
    """Of the whole tenant, or of one API."""

    api: str | None = None
    format: ExportFormat = "csv"


@router.get("/{api}/logs", include_in_schema=False)
@router.get("/apis/{api}/logs", **documented(Envelope[LogPage], 404))
async def list_executions(api: ApiRef, filters: AskedPage, visit: VisitDep) -> Response:
    """List the executions of an API, newest first; each one's answer is read with it alone."""
    return _page(await visit.run(_search, visit, filters, api))


@router.get("/executions", **documented(Envelope[LogPage], 404))
async def list_all_executions(filters: Annotated[_PageOfAll, Query()], visit: VisitDep) -> Response:
    """List executions of every API, newest first; each one's answer is read with it alone."""
    return _page(await visit.run(_search, visit, filters, filters.api))


@router.get("/executions/export", **_FILE)
async def export_executions(filters: Annotated[_All, Query()], visit: VisitDep) -> Response:
    """Stream executions as CSV or JSON lines, without their answers."""
    encode = csv_lines if filters.format == "csv" else json_lines
    pages = await visit.run(_export, visit, filters)
    first = await visit.run(next, pages, ())
    head = csv_header() if filters.format == "csv" else b""
    return StreamingResponse(
        _lines(visit, pages, encode, head + encode(first)),
        media_type=_MEDIA_TYPES[filters.format],
        headers={"Content-Disposition": f'attachment; filename="executions.{filters.format}"'},
    )


@router.get("/executions/{execution_id}", **documented(Envelope[LogView], 404))
async def read_execution(execution_id: UUID, visit: VisitDep) -> Response:
    """Read one execution."""
    return answer(_view(await visit.run(visit.engine.logs.get, execution_id, visit.caller)))


async def _lines(
    visit: Visit, pages: Pages, encode: Callable[..., bytes], first: bytes
) -> AsyncIterator[bytes]:
    """The file in pieces, each read when the one before it is on its way."""
    piece = first
    while piece:
        yield piece
        piece = encode(await visit.run(next, pages, ()))


def _search(visit: Visit, filters: PageOfLog, api: str | None) -> ExecutionPage:
    return visit.engine.logs.search(filters.query(visit.engine, visit.caller, api), visit.caller)


def _export(visit: Visit, filters: _All) -> Pages:
    query = LogFilters.query(filters, visit.engine, visit.caller, filters.api)
    return visit.engine.logs.export(query, visit.caller)


def _page(found: ExecutionPage) -> Response:
    return answer(
        {
            "items": [_listed(record) for record in found.items],
            "total": found.total,
            "more": found.more,
            "next": str(found.next) if found.next else None,
            "limit": found.limit,
            "offset": found.offset,
        }
    )


def _listed(record: ExecutionRecord) -> dict[str, Any]:
    """A record as a caller sees it: never with a stack trace."""
    return record.model_dump(exclude={"error_stacktrace", "response_data"})


def _view(record: ExecutionRecord) -> dict[str, Any]:
    """The same with its answer: as JSON where it is whole, as text where it was cut."""
    response = record.response_data
    if response is None or record.response_truncated:
        return {**_listed(record), "response_data": response}
    return {**_listed(record), "response_data": Fragment(response)}

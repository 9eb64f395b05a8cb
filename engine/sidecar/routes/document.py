"""The OpenAPI document, and a page that shows it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import HTMLResponse

from engine.sidecar.body import PacedResponse
from engine.sidecar.deps import Visit, enter_if_known
from engine.sidecar.docs_page import PAGE
from engine.sidecar.document import OpenApiDocuments
from engine.sidecar.envelope import JSON_TYPE
from engine.sidecar.etags import is_known

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi_document(
    request: Request,
    visit: Annotated[Visit | None, Depends(enter_if_known)],
    if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response:
    """Describe every endpoint, and to a known caller the published APIs it may call."""
    documents: OpenApiDocuments = request.app.state.documents
    root_path = request.scope.get("root_path", "").rstrip("/")
    if visit is None:
        document = documents.for_anybody(root_path)
    else:
        document = await visit.run(
            documents.for_caller, visit.engine.published, visit.caller, root_path
        )
    headers = {
        "ETag": document.tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, X-API-Key",
    }
    if is_known(document.tag, if_none_match):
        return Response(status_code=304, headers=headers)
    return PacedResponse(document.body, headers=headers, media_type=JSON_TYPE)


@router.get("/docs")
async def docs() -> Response:
    """Show the document in a browser; everything the page loads comes from here."""
    return HTMLResponse(PAGE)

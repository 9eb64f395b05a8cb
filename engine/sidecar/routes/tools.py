"""Tools: export and import APIs as tools, read, change, call them, and see who called."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from engine.model import Issue, Page
from engine.model.tool import Tool, ToolCallRecord, ToolQuery
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope
from engine.tools import ToolAnswer, ToolView

router = APIRouter(tags=["tools"])
ToolName = Annotated[str, Path(description="Name or id of a tool.", examples=["top_carriers"])]


class ToolChange(BaseModel):
    """Fields of a tool to replace; the engine judges them, unknown names included."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: SkipValidation[str] = Field(default="", examples=["top_carriers"])
    description: SkipValidation[str] = Field(
        default="", description="What agents choose it by.", examples=["Lists the top carriers."]
    )
    read_only: SkipValidation[bool] = Field(
        default=False, description="Whether a call changes nothing anywhere."
    )
    offers_dry_run: SkipValidation[bool] = Field(
        default=False, description="Whether agents may pass `dry_run`."
    )
    max_chars: SkipValidation[int] = Field(default=20_000, description="The longest answer.")
    is_active: SkipValidation[bool] = True

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as they were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"api"}}


class NewTool(ToolChange):
    """An API to export; what is left out is taken from it."""

    model_config = ConfigDict(json_schema_extra={"required": ["api"]})

    api: str = Field(min_length=1, description="Name or id.", examples=["delays-by-carrier"])


class ToolDocument(BaseModel):
    """A tool as `GET /tools/{tool}/document` gives it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: SkipValidation[str] = ""
    description: SkipValidation[str] = ""
    api: SkipValidation[str] = ""
    inputSchema: SkipValidation[dict[str, Any]] = Field(default_factory=dict)  # noqa: N815 - MCP's

    def sent(self) -> dict[str, Any]:
        """The document as it was sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class ToolCallBody(BaseModel):
    """The arguments of a call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arguments: dict[str, Any] = Field(default_factory=dict, examples=[{"origin": "JFK"}])
    dry_run: bool = Field(default=False, description="Say what the call would do.")


class ToolShape(BaseModel):
    """A tool and how it stands; `drift` says how the API's parameters changed since the export."""

    tool: Tool
    drift: list[str]
    is_callable: bool
    issues: list[Issue]

    @classmethod
    def of(cls, view: ToolView) -> "ToolShape":
        """The shape of a view."""
        return cls(
            tool=view.tool,
            drift=list(view.drift),
            is_callable=view.is_callable,
            issues=list(view.issues),
        )


class ToolAnswerShape(BaseModel):
    """What an agent is given; `data` is the same as data, where it is an object and not cut."""

    text: str
    data: dict[str, Any] | None
    chars: int
    truncated: bool
    is_error: bool
    execution_id: UUID | None

    @classmethod
    def of(cls, outcome: ToolAnswer) -> "ToolAnswerShape":
        """The shape of an answer."""
        told = outcome.answer
        return cls(
            text=told.text,
            data=None if told.data is None else dict(told.data),
            chars=told.chars,
            truncated=told.truncated,
            is_error=outcome.is_error,
            execution_id=outcome.execution_id,
        )


NO_ARGUMENTS = ToolCallBody()


@router.get("/tools", **documented(Envelope[Page[ToolShape]]))
async def list_tools(query: Annotated[ToolQuery, Query()], visit: VisitDep) -> Response:
    """List tools by name."""
    page = await visit.run(visit.engine.tools.search, query, visit.caller)
    items = tuple(ToolShape.of(view) for view in page.items)
    return answer(Page(items=items, total=page.total, limit=page.limit, offset=page.offset))


@router.post("/tools", status_code=201, **documented(Envelope[ToolShape], 404, 409, 422))
async def export_tool(body: NewTool, visit: VisitDep) -> Response:
    """Export an API as a tool."""
    view = await visit.run(visit.engine.tools.export, body.api, body.sent(), visit.caller)
    return answer(ToolShape.of(view), status=201)


@router.post("/tools/import", status_code=201, **documented(Envelope[ToolShape], 404, 409, 422))
async def import_tool(body: ToolDocument, visit: VisitDep) -> Response:
    """Make a tool as a document says, of the API that it names."""
    view = await visit.run(visit.engine.tools.import_, body.sent(), visit.caller)
    return answer(ToolShape.of(view), status=201)


@router.get("/tools/{tool}", **documented(Envelope[ToolShape], 404))
async def read_tool(tool: ToolName, visit: VisitDep) -> Response:
    """Read a tool, how it stands, and what speaks against it."""
    return answer(ToolShape.of(await visit.run(visit.engine.tools.get, tool, visit.caller)))


@router.patch("/tools/{tool}", **documented(Envelope[ToolShape], 404, 409, 422))
async def change_tool(tool: ToolName, body: ToolChange, visit: VisitDep) -> Response:
    """Replace the fields sent."""
    update = visit.engine.tools.update
    return answer(ToolShape.of(await visit.run(update, tool, body.sent(), visit.caller)))


@router.delete("/tools/{tool}", **documented(Envelope[None], 404))
async def delete_tool(tool: ToolName, visit: VisitDep) -> Response:
    """Remove a tool; its API and the record of its calls stay."""
    return answer(await visit.run(visit.engine.tools.delete, tool, visit.caller))


@router.delete("/tools/{tool}/drift", **documented(Envelope[ToolShape], 404))
async def accept_tool_drift(tool: ToolName, visit: VisitDep) -> Response:
    """Accept the drift: the API's parameters as they are become those of the export."""
    return answer(ToolShape.of(await visit.run(visit.engine.tools.refresh, tool, visit.caller)))


@router.get("/tools/{tool}/document", **documented(Envelope[dict[str, Any]], 404))
async def tool_document(tool: ToolName, visit: VisitDep) -> Response:
    """Read a tool as a document that another instance can import."""
    return answer(await visit.run(visit.engine.tools.document, tool, visit.caller))


@router.post("/tools/{tool}/call", **documented(Envelope[ToolAnswerShape], 404, 409))
async def call_tool(
    tool: ToolName, visit: VisitDep, body: Annotated[ToolCallBody, Body()] = NO_ARGUMENTS
) -> Response:
    """Call a tool as an agent would; a call that fails is an answer with `is_error`."""
    call = partial(
        visit.engine.tools.call,
        tool,
        body.arguments,
        visit.caller,
        door="rest",
        dry_run=body.dry_run,
        trace_id=visit.trace_id,
    )
    return answer(ToolAnswerShape.of(await visit.run(call)))


@router.get("/tools/{tool}/calls", **documented(Envelope[Page[ToolCallRecord]], 404))
async def list_tool_calls(
    tool: ToolName,
    visit: VisitDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
) -> Response:
    """List the calls of a tool, newest first, each with its execution."""
    calls = partial(visit.engine.tools.calls, tool, visit.caller, limit=limit, offset=offset)
    return answer(await visit.run(calls))

"""The Model Context Protocol over the engine: tools and prompts, as one caller may use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol, TypeVar

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from engine.asset_values import PromptOffer
from engine.errors import EngineError, PermissionDeniedError
from engine.facade import Engine
from engine.model import Caller
from engine.model.tool import ToolDoor
from engine.tool_answers import error_text
from engine.tool_fields import OfferedTool

NAME = "api-engine"
INSTRUCTIONS = (
    "Each tool calls one API of this engine, with its limits and its log. Long answers are cut and "
    "say so: narrow the parameters instead of asking again."
)
T = TypeVar("T")
Context = ServerRequestContext[dict[str, Any]]


class RunBlocking(Protocol):
    """Runs a blocking call of the engine somewhere else and waits for it."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]:
        """The call's result."""
        ...


def mcp_server(
    engine: Engine,
    caller: Caller,
    run: RunBlocking,
    *,
    door: ToolDoor = "mcp",
    trace_id: str | None = None,
) -> Server[dict[str, Any]]:
    """A server that acts as `caller` and keeps nothing between requests."""

    async def list_tools(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        offered = await _told(run, partial(engine.tools.offered, caller))
        return types.ListToolsResult(tools=[_tool(each) for each in offered])

    async def call_tool(_: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        call = partial(
            engine.tools.call,
            params.name,
            params.arguments or {},
            caller,
            door=door,
            trace_id=trace_id,
        )
        outcome = await _told(run, call)
        data = None if outcome.answer.data is None else dict(outcome.answer.data)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=outcome.answer.text)],
            structured_content=data,
            is_error=outcome.is_error,
        )

    async def list_prompts(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        try:
            offered = await run(partial(engine.asset_values.prompts, caller))
        except PermissionDeniedError:
            offered = ()
        return types.ListPromptsResult(prompts=[_prompt(each) for each in offered])

    async def get_prompt(_: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        render = partial(engine.asset_values.render, params.name, params.arguments or {}, caller)
        content = types.TextContent(type="text", text=await _told(run, render))
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])

    return Server(
        NAME,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


async def _told(run: RunBlocking, call: Callable[[], T]) -> T:
    """The result of a call; what the engine refuses becomes an error of the protocol."""
    try:
        return await run(call)
    except EngineError as error:
        raise MCPError(code=types.INVALID_PARAMS, message=error_text(error)) from error


def _tool(offered: OfferedTool) -> types.Tool:
    return types.Tool(
        name=offered.name,
        description=offered.description,
        input_schema=dict(offered.input_schema),
        annotations=types.ToolAnnotations(read_only_hint=offered.read_only),
    )


def _prompt(offered: PromptOffer) -> types.Prompt:
    return types.Prompt(
        name=offered.name,
        description=offered.description or None,
        arguments=[
            types.PromptArgument(name=name, required=required)
            for name, required in offered.arguments.items()
        ],
    )

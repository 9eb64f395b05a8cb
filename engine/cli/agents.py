"""`api-engine mcp`: the tools for an agent on this machine, over standard input and output."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
import typer

from engine.auth import Credentials
from engine.facade import Engine, local_caller
from engine.model import Caller

KEY_VARIABLE = "API_ENGINE_KEY"
T = TypeVar("T")


def mcp(
    tenant: Annotated[str, typer.Option(help="Whose tools; a key says it by itself.")] = "default",
) -> None:
    """Serve tools to an agent by the Model Context Protocol.

    Acts as the API key in API_ENGINE_KEY, or as the person at this machine where there is none.
    """
    with Engine.open() as engine:
        anyio.run(_serve, engine, _caller(engine, tenant))


def _caller(engine: Engine, tenant: str) -> Caller:
    key = os.environ.get(KEY_VARIABLE)
    if key is None:
        return local_caller().model_copy(update={"tenant_id": tenant})
    return engine.auth.authenticate(Credentials(api_key=key))


async def _serve(engine: Engine, caller: Caller) -> None:
    # The protocol's library costs half a second: no other command pays for it.
    from mcp.server.stdio import stdio_server  # noqa: PLC0415

    from engine.mcp_server import mcp_server  # noqa: PLC0415

    server = mcp_server(engine, caller, _in_thread)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _in_thread(call: Callable[[], T], /) -> T:
    return await anyio.to_thread.run_sync(call)

"""The official client of the Model Context Protocol against a running server, and over stdio."""

import os
import sys
from functools import partial
from uuid import uuid4

import anyio
import httpx2
import pytest
from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from engine.model import Scope

DESCRIPTION = "Adds one to a number; use it to count on."
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def tools(engine, operator):
    """The names of two tools, of an API each."""

    def make():
        api = engine.apis.create(
            {
                "api_name": f"mcp-{uuid4().hex[:12]}",
                "logic_type": "sql",
                "logic_body": "SELECT :n + 1 AS answer",
                "connection": "sample",
                "param_schema": {"n": {"type": "integer", "required": True}},
                "description": DESCRIPTION,
            },
            operator,
        )
        return engine.tools.export(api.api_name, {}, operator).tool.name

    return make(), make()


@pytest.fixture(scope="module")
def scoped_key(engine, operator, tools):
    """A key that may call the first tool's API and nothing else."""
    scope = Scope(groups=("tools", "execute"), api_patterns=(tools[0],))
    return engine.auth.keys.create(operator, name="agent", roles=["viewer"], scope=scope).text


def talk(url, headers, conversation, *, mode="auto"):
    """Run a conversation with the server as these credentials."""

    async def run():
        with anyio.fail_after(TIMEOUT_S):
            async with httpx2.AsyncClient(headers=headers) as http:
                transport = streamable_http_client(f"{url}/mcp", http_client=http)
                async with Client(transport, mode=mode) as client:
                    return await conversation(client)

    return anyio.run(run)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
def test_a_scoped_key_sees_and_calls_its_tool(base_url, tools, scoped_key, mode, header):
    async def conversation(client):
        listed = await client.list_tools()
        called = await client.call_tool(tools[0], {"n": 1})
        return listed.tools, called

    value = scoped_key if header == "X-API-Key" else f"Bearer {scoped_key}"
    listed, called = talk(base_url, {header: value}, conversation, mode=mode)

    assert [tool.name for tool in listed] == [tools[0]]
    assert listed[0].description == DESCRIPTION
    assert listed[0].input_schema["required"] == ["n"]
    assert listed[0].annotations.read_only_hint is True
    assert not called.is_error
    assert called.structured_content["rows"] == [{"answer": 2}]


def test_a_scoped_key_is_refused_the_other_tool(engine, operator, base_url, tools, scoped_key):
    async def conversation(client):
        with pytest.raises(MCPError, match="is limited to APIs named"):
            await client.call_tool(tools[1], {"n": 1})

    talk(base_url, {"X-API-Key": scoped_key}, conversation)

    assert engine.tools.calls(tools[1], operator).total == 0


def test_an_unknown_tool_is_an_error_of_the_protocol(base_url, keys):
    async def conversation(client):
        with pytest.raises(MCPError, match="there is no tool 'nowhere'"):
            await client.call_tool("nowhere", {})

    talk(base_url, {"X-API-Key": keys["viewer"]}, conversation)


def test_wrong_arguments_come_back_for_the_agent_to_correct(base_url, keys, tools):
    async def conversation(client):
        return await client.call_tool(tools[0], {"n": "many"})

    called = talk(base_url, {"X-API-Key": keys["viewer"]}, conversation)

    assert called.is_error
    assert "- n: " in called.content[0].text


def test_published_prompts_are_offered_to_those_who_may_read_assets(
    engine, operator, base_url, keys, scoped_key
):
    name = f"p-{uuid4().hex[:12]}"
    template = "Sum up {{ variables.what }}, {{ variables.how }}"
    content = {"template": template, "variables": {"how": "briefly"}}
    fields = {"name": name, "asset_type": "prompt", "content": content}
    engine.assets.create(fields, operator, publish=True)

    async def conversation(client):
        listed = await client.list_prompts()
        got = await client.get_prompt(name, {"what": "delays"})
        return listed.prompts, got

    async def only_list(client):
        return (await client.list_prompts()).prompts

    listed, got = talk(base_url, {"X-API-Key": keys["viewer"]}, conversation)
    hidden = talk(base_url, {"X-API-Key": scoped_key}, only_list)

    [offered] = [prompt for prompt in listed if prompt.name == name]
    assert {each.name: each.required for each in offered.arguments} == {"how": False, "what": True}
    assert got.messages[0].content.text == "Sum up delays, briefly"
    assert hidden == []


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}])
def test_without_credentials_nothing_is_told(stranger, headers):
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}

    response = stranger.post("/mcp", json=request, headers=headers)

    assert response.status_code == 401
    assert response.json()["data"]["error"]["type"] == "unauthenticated"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_of_other_groups_is_refused(engine, operator, stranger):
    scope = Scope(groups=("execute",))
    key = engine.auth.keys.create(operator, name="runner", roles=["viewer"], scope=scope).text

    response = stranger.post("/mcp", json={}, headers={"X-API-Key": key})

    assert response.status_code == 403


def test_there_is_no_stream_to_get(admin):
    response = admin.get("/mcp")

    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_a_body_that_is_no_message_is_refused(admin):
    response = admin.post("/mcp", content=b"{", headers={"Content-Type": "application/json"})

    assert response.status_code in (400, 406)


def test_an_agent_on_this_machine_talks_over_standard_input(tmp_path):
    environment = {**os.environ, "API_ENGINE_DATA_DIR": str(tmp_path), "API_ENGINE_ENV_FILE": ""}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "engine.cli", "mcp"], env=environment
    )

    async def run():
        with anyio.fail_after(TIMEOUT_S):
            async with Client(stdio_client(command)) as client:
                return await client.list_tools()

    assert isinstance(anyio.run(partial(run)).tools, list)

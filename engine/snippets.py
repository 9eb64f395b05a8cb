"""Code one copies to call an API: curl, Python, JavaScript, the notebook, and an agent's client."""

import json
import keyword
from collections.abc import Mapping
from typing import Any

from engine.model import ApiDefinition, ParamSpec

EXAMPLES: Mapping[str, Any] = {
    "text": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "date": "2013-01-31",
    "datetime": "2013-01-31T12:00:00Z",
    "uuid": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    "array": [],
    "object": {},
}


def snippets(api: ApiDefinition, rest_url: str) -> dict[str, tuple[str, str]]:
    """Code by title, each with its language; `rest_url` is the root of the REST API.

    The code takes the API key from the environment variable `API_ENGINE_KEY`.
    """
    params = example_params(api.param_schema)
    url = f"{rest_url}/call/{api.api_name}"
    return {
        "curl": (_curl(url, params), "bash"),
        "Python": (_python(url, params), "python"),
        "JavaScript": (_javascript(url, params), "javascript"),
        "Notebook": (_notebook(api.api_name, params), "python"),
        "MCP": _mcp(api, rest_url),
    }


def example_params(schema: Mapping[str, ParamSpec]) -> dict[str, Any]:
    """What one would send: examples, defaults, and something of the right type where required."""
    return {
        name: _example(spec)
        for name, spec in schema.items()
        if spec.source is None
        and (spec.required or spec.example is not None or spec.default is not None)
    }


def _example(spec: ParamSpec) -> Any:
    if spec.example is not None:
        return spec.example
    if spec.default is not None:
        return spec.default
    if spec.enum:
        return spec.enum[0]
    return EXAMPLES[spec.type]


def _curl(url: str, params: Mapping[str, Any]) -> str:
    body = json.dumps({"params": params}).replace("'", "'\\''")
    return (
        f"curl -s {url} \\\n"
        '  -H "X-API-Key: $API_ENGINE_KEY" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )


def _python(url: str, params: Mapping[str, Any]) -> str:
    return (
        "import os\n\nimport httpx\n\n"
        "response = httpx.post(\n"
        f'    "{url}",\n'
        '    headers={"X-API-Key": os.environ["API_ENGINE_KEY"]},\n'
        f"    json={{'params': {params!r}}},\n"
        ")\n"
        "response.raise_for_status()\n"
        'rows = response.json()["data"]["data"]["rows"]'
    )


def _javascript(url: str, params: Mapping[str, Any]) -> str:
    return (
        f'const response = await fetch("{url}", {{\n'
        '  method: "POST",\n'
        "  headers: {\n"
        '    "X-API-Key": process.env.API_ENGINE_KEY,\n'
        '    "Content-Type": "application/json",\n'
        "  },\n"
        f"  body: JSON.stringify({{ params: {json.dumps(params)} }}),\n"
        "})\n"
        "const { code, message, data } = await response.json()"
    )


def _mcp(api: ApiDefinition, rest_url: str) -> tuple[str, str]:
    """The configuration of a client where the API is a tool; else how to make it one."""
    if api.tool_name is None:
        body = json.dumps({"api": api.api_name, "description": api.description})
        body = body.replace("'", "'\\''")
        return (
            f"# Not a tool yet. Export it, then point an agent at {rest_url}/mcp\n"
            f"curl -s {rest_url}/tools \\\n"
            '  -H "X-API-Key: $API_ENGINE_KEY" \\\n'
            "  -H 'Content-Type: application/json' \\\n"
            f"  -d '{body}'",
            "bash",
        )
    server = {
        "type": "http",
        "url": f"{rest_url}/mcp",
        "headers": {"X-API-Key": "${API_ENGINE_KEY}"},
    }
    return json.dumps({"mcpServers": {"api-engine": server}}, indent=2), "json"


def _notebook(name: str, params: Mapping[str, Any]) -> str:
    valid = not any(keyword.iskeyword(name) for name in params)
    arguments = ", ".join(f"{key}={value!r}" for key, value in params.items())
    sent = arguments if valid else f"**{dict(params)!r}"
    call = f'eng.execute("{name}"{", " + sent if params else ""})'
    return f"from engine import Engine\n\neng = Engine.open()\nresult = {call}\nresult.df()"

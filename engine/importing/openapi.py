"""Proposals from an OpenAPI 3 document: an HTTP API for each operation."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from engine.errors import BadRequestError
from engine.importing.openapi_parts import Operation, Request
from engine.importing.proposal import Collected, Proposal, UnusableError, http_body
from engine.importing.references import References, is_http_url
from engine.yaml_source import YamlSource

MAX_DOCUMENT = 10_000_000
METHODS = ("get", "post", "put", "patch", "delete")
_OTHER_METHODS = ("head", "options", "trace")
_VARIABLE = re.compile(r"{([^{}]+)}")


def read_openapi(text: str, *, server: str | None = None) -> Proposal:
    """What a document describes; each operation that cannot be kept is named with the reason.

    Args:
        text: The document, JSON or YAML, of OpenAPI 3.0 or 3.1.
        server: The URL that the paths are below, instead of the document's servers.

    Raises:
        BadRequestError: It is no such document.
    """
    document = _parsed(text)
    references = References(document)
    collected = Collected()
    for path, method, item, operation in _operations(document, references, collected):
        origin = f"{method.upper()} {path}"
        try:
            base = _server_of(server, operation, item, document)
            request = Request(Operation(path, method, item, operation), document, references)
            spec = {
                "method": method.upper(),
                "url": base.rstrip("/") + request.path,
                **request.spec,
            }
            fields = {
                "logic_type": "http",
                "logic_body": http_body(spec),
                "param_schema": request.params,
                "description": _description(operation),
                "tags": [str(tag) for tag in operation.get("tags") or ()],
            }
            name = str(operation.get("operationId") or f"{method}-{path}")
            collected.add(name, origin, fields, request.notes)
        except UnusableError as error:
            collected.leave_out(origin, str(error))
    for name in document.get("webhooks") or {}:
        collected.leave_out(f"webhook {name}", "the engine calls, it is not called")
    return collected.proposal()


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_DOCUMENT:
        raise BadRequestError(f"the document is longer than {MAX_DOCUMENT} characters")
    try:
        document = json.loads(text) if text.lstrip()[:1] == "{" else YamlSource.parse(text).value
    except json.JSONDecodeError as error:
        raise BadRequestError(
            f"the document is no JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadRequestError(f"the document is no YAML: line {line}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadRequestError("the document cannot be read as JSON or YAML") from error
    if not isinstance(document, dict):
        raise BadRequestError("the document is no object with `openapi` and `paths`")
    if "swagger" in document:
        raise BadRequestError(
            "the document is of Swagger 2.0",
            hint="Convert it to OpenAPI 3 first; editor.swagger.io does.",
        )
    if not str(document.get("openapi", "")).startswith("3."):
        raise BadRequestError("the document says no version of OpenAPI 3 under `openapi`")
    if not isinstance(document.get("paths", {}), Mapping):
        raise BadRequestError("`paths` of the document is no object")
    return document


def _operations(
    document: Mapping[str, Any], references: References, collected: Collected
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    for path, raw in (document.get("paths") or {}).items():
        try:
            item = references.follow(raw)
        except UnusableError as error:
            collected.leave_out(str(path), str(error))
            continue
        if not isinstance(item, Mapping):
            collected.leave_out(str(path), "it is no object")
            continue
        for method in _OTHER_METHODS:
            if method in item:
                origin = f"{method.upper()} {path}"
                collected.leave_out(origin, "an HTTP API sends GET, POST, PUT, PATCH or DELETE")
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                yield str(path), method, item, item[method]


def _server_of(given: str | None, *places: Mapping[str, Any]) -> str:
    """The base URL: the one given, or that of the operation, its path or the document."""
    servers = next((place["servers"] for place in places if place.get("servers")), None)
    found = given or ""
    if not given and isinstance(servers, list) and isinstance(servers[0], Mapping):
        variables = servers[0].get("variables") or {}

        def value(match: re.Match[str]) -> str:
            variable = variables.get(match[1])
            return str(variable.get("default", "")) if isinstance(variable, Mapping) else ""

        found = _VARIABLE.sub(value, str(servers[0].get("url", "")))
    if not is_http_url(found):
        raise UnusableError(
            f"the document says no absolute server URL ({found[:80]!r}): give one as the server"
        )
    return found


def _description(operation: Mapping[str, Any]) -> str:
    said = (operation.get("summary"), operation.get("description"))
    return "\n\n".join(str(each).strip() for each in said if each)

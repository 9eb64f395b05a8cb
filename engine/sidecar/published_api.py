"""One published API in OpenAPI's words: its own parameters, its own answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.model import ApiDefinition, Column, ParamSpec
from engine.model.column_schema import table_schema
from engine.params import to_json_schema
from engine.sidecar.results import ENCODINGS
from engine.sidecar.schemas import ErrorEnvelope
from engine.snippets import example_params

Document = dict[str, Any]

SECURITY: Sequence[Mapping[str, list[str]]] = ({"ApiKey": []}, {"Bearer": []})
RESPONSES: Mapping[str, Document] = {
    "Refused": {
        "description": "Refused: credentials, rights, parameters, limits, or the API is off.",
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{ErrorEnvelope.__name__}"}
            }
        },
    },
    "Failed": {
        "description": "The target failed, took too long, or the circuit breaker is open.",
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{ErrorEnvelope.__name__}"}
            }
        },
    },
    "NotModified": {"description": "The answer is the one named by If-None-Match."},
}
"""The failures that every published API can answer with, written once."""

_OPTIONS: Sequence[Document] = (
    {
        "name": "format",
        "in": "query",
        "description": "Wins over the Accept header.",
        "schema": {"type": "string", "enum": ["json", *ENCODINGS]},
    },
)
_OPTION_NAMES = frozenset({"format", "trace"})
_ROWS = {"schema": {"type": "string", "format": "binary"}}


def schema_name(api: ApiDefinition) -> str:
    """The name of the API's answer among the document's schemas."""
    return f"call.{api.api_name}"


def operations(api: ApiDefinition) -> Document:
    """The path item of `/call/{api_name}`."""
    said = {
        "tags": ["published"],
        "summary": api.api_name,
        "description": api.description,
        "security": SECURITY,
    }
    answers = _responses(api)
    return {
        "get": {
            **said,
            "operationId": f"get_{api.api_name}",
            "parameters": [*_query(api.param_schema), *_OPTIONS],
            "responses": {**answers, "304": {"$ref": "#/components/responses/NotModified"}},
        },
        "post": {
            **said,
            "operationId": f"post_{api.api_name}",
            "parameters": _OPTIONS,
            "requestBody": _body(api),
            "responses": answers,
        },
    }


def answer_schema(api: ApiDefinition, columns: Sequence[Column] | None) -> Document:
    """The envelope around the API's data; `columns` are None where nothing tells them."""
    masked = frozenset(api.runtime_policy.mask.columns)
    data = {} if columns is None else table_schema(columns, masked)
    execution = {"type": "object", "properties": {"data": data}}
    return {
        "type": "object",
        "properties": {
            "time": {"type": "string", "format": "date-time"},
            "code": {"type": "integer"},
            "message": {"type": "string"},
            "data": {"allOf": [{"$ref": "#/components/schemas/ExecutionView"}, execution]},
        },
        "required": ["time", "code", "message", "data"],
    }


def _responses(api: ApiDefinition) -> Document:
    answer = {"schema": {"$ref": f"#/components/schemas/{schema_name(api)}"}}
    content = {"application/json": answer}
    content |= {encoding.media_type: _ROWS for encoding in ENCODINGS.values()}
    return {
        "200": {"description": "The answer; rows also in other formats.", "content": content},
        "4XX": {"$ref": "#/components/responses/Refused"},
        "5XX": {"$ref": "#/components/responses/Failed"},
    }


def _query(schema: Mapping[str, ParamSpec]) -> list[Document]:
    sendable = to_json_schema(
        {name: spec for name, spec in schema.items() if name not in _OPTION_NAMES}
    )
    required = sendable.get("required", ())
    return [
        _parameter(name, body, schema[name], required=name in required)
        for name, body in sendable["properties"].items()
    ]


def _parameter(name: str, body: Document, spec: ParamSpec, *, required: bool) -> Document:
    parameter = {"name": name, "in": "query", "required": required}
    if spec.description:
        parameter["description"] = spec.description
    if spec.type == "object":
        return parameter | {"content": {"application/json": {"schema": body}}}
    if spec.type == "array" and spec.items and spec.items.type in {"array", "object"}:
        as_text = {"type": "string", "contentMediaType": "application/json"}
        return parameter | {"schema": {**body, "items": as_text}}
    return parameter | {"schema": body}


def _nullable(params: Document) -> Document:
    """The same, with null for what need not be sent: it means not sent."""
    required = params.get("required", ())
    properties = {
        name: body if name in required else _or_null(body)
        for name, body in params["properties"].items()
    }
    return {**params, "properties": properties}


def _or_null(body: Document) -> Document:
    values = {"enum": [*body["enum"], None]} if "enum" in body else {}
    return {**body, **values, "type": [body["type"], "null"]}


def _body(api: ApiDefinition) -> Document:
    params = _nullable(to_json_schema(api.param_schema))
    properties = {"params": params}
    if api.logic_type != "sql":
        properties["input_payload"] = {}
    required = ["params"] if params.get("required") else []
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    example = {"params": example_params(api.param_schema)}
    return {
        "required": bool(required),
        "content": {"application/json": {"schema": schema, "example": example}},
    }

"""Builds tools from the fields that an author writes, and tells agents of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from engine.errors import DefinitionInvalidError
from engine.model import ApiDefinition, Caller, Issue
from engine.model.tool import TOOL_FIELDS, Tool
from engine.params import to_json_schema
from engine.tool_checks import DRY_RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTool:
    """What an agent is told of a tool."""

    name: str
    description: str
    input_schema: Mapping[str, Any]
    read_only: bool


def new_tool(api: ApiDefinition, fields: Mapping[str, Any], caller: Caller) -> Tool:
    """A tool of an API with these fields, and its parameters as they are.

    Raises:
        DefinitionInvalidError: With an issue for every field that is unknown or malformed.
    """
    now = datetime.now(UTC)
    return _validated(
        {
            **_known(fields),
            **_of_api(api),
            "id": uuid4(),
            "tenant_id": caller.tenant_id,
            "created_by": caller.subject,
            "created_at": now,
            "updated_at": now,
        }
    )


def changed_tool(tool: Tool, fields: Mapping[str, Any]) -> Tool:
    """The tool with the given fields; the schema at the export stays. Raises as `new_tool`."""
    return _validated({**tool.model_dump(), **_known(fields), "updated_at": datetime.now(UTC)})


def exported_anew(tool: Tool, api: ApiDefinition) -> Tool:
    """The tool as if the API, as it is, had just been exported as it."""
    return tool.model_copy(update={**_of_api(api), "updated_at": datetime.now(UTC)})


def offered(tool: Tool, api: ApiDefinition) -> OfferedTool:
    """What agents are told: the parameters as they are now, since these are what is checked."""
    schema = to_json_schema(api.param_schema)
    schema.pop("x-sourced", None)
    if tool.offers_dry_run:
        flag = {
            "type": "boolean",
            "default": False,
            "description": "Say what the call would do, and do nothing.",
        }
        schema = {**schema, "properties": {**schema["properties"], DRY_RUN: flag}}
    return OfferedTool(
        name=tool.name,
        description=tool.description,
        input_schema=schema,
        read_only=tool.read_only,
    )


def _of_api(api: ApiDefinition) -> dict[str, Any]:
    return {
        "api_id": api.id,
        "api_name": api.api_name,
        "schema_at_export": to_json_schema(api.param_schema),
        "api_version": api.version,
    }


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(fields) - set(TOOL_FIELDS))
    if unknown:
        message = f"{unknown[0]!r} cannot be set here; what can is {', '.join(TOOL_FIELDS)}"
        issue = Issue(code="unknown_field", message=message, path=unknown[0])
        raise DefinitionInvalidError(message, issues=(issue,))
    return dict(fields)


def _validated(values: Mapping[str, Any]) -> Tool:
    try:
        return Tool.model_validate(values)
    except ValidationError as error:
        issues = tuple(
            Issue(
                code="invalid_field",
                message=f"{mistake['loc'][0]}: {mistake['msg']}",
                path=".".join(str(part) for part in mistake["loc"]),
            )
            for mistake in error.errors(include_input=False, include_url=False)
        )
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error

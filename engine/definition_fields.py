"""Builds definitions from the fields an author writes."""

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from pydantic import ValidationError

from engine.asset_references import names_an_asset
from engine.errors import DefinitionInvalidError
from engine.model import ApiDefinition, Caller, Issue
from engine.model.definition import AUTHORED_FIELDS

DEFAULT_CONNECTION = "sample"
"""What a SQL API runs on when its author names no connection."""


def new_definition(
    fields: Mapping[str, Any], caller: Caller, *, api_id: UUID | None = None
) -> ApiDefinition:
    """A definition of the caller's tenant from authored fields; version 0, never published.

    Raises:
        DefinitionInvalidError: With one issue per field that is missing, unknown or malformed.
    """
    now = datetime.now(UTC)
    return _validated(
        {
            **_authored(fields),
            "id": api_id or uuid4(),
            "tenant_id": caller.tenant_id,
            "created_by": caller.subject,
            "created_at": now,
            "updated_at": now,
        }
    )


def changed_definition(api: ApiDefinition, fields: Mapping[str, Any]) -> ApiDefinition:
    """`api` with the given authored fields replaced, each as a whole; raises as above."""
    return _validated({**api.model_dump(), **_authored(fields), "updated_at": datetime.now(UTC)})


def authored_fields(api: ApiDefinition) -> dict[str, Any]:
    """The fields an author edits, JSON-able."""
    return api.model_dump(mode="json", include=set(AUTHORED_FIELDS))


def _authored(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(fields) - set(AUTHORED_FIELDS))
    if unknown:
        raise DefinitionInvalidError(
            f"unknown field {unknown[0]!r}",
            issues=tuple(_unknown_field(name) for name in unknown),
        )
    body = fields.get("logic_body")
    if isinstance(body, (dict, list)):
        pretty = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
        return {**fields, "logic_body": pretty}
    return dict(fields)


def _unknown_field(name: str) -> Issue:
    near = difflib.get_close_matches(name, AUTHORED_FIELDS, 1)
    return Issue(
        code="unknown_field",
        message=f"unknown field {name!r}; a definition has {', '.join(AUTHORED_FIELDS)}",
        path=name,
        suggestion=near[0] if near else None,
    )


def _validated(values: Mapping[str, Any]) -> ApiDefinition:
    if _needs_a_connection(values):
        values = {**values, "connection": DEFAULT_CONNECTION}
    try:
        return ApiDefinition.model_validate(values)
    except ValidationError as error:
        issues = tuple(
            Issue(
                code="invalid_field",
                message=_message(mistake["loc"], mistake["msg"]),
                path=".".join(str(part) for part in mistake["loc"]),
            )
            for mistake in error.errors(include_input=False, include_url=False)
        )
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error


def _needs_a_connection(values: Mapping[str, Any]) -> bool:
    """Whether none is named; the statement of an asset brings its own."""
    if values.get("logic_type") != "sql" or values.get("connection"):
        return False
    return not names_an_asset("sql", str(values.get("logic_body", "")))


def _message(location: tuple[int | str, ...], message: str) -> str:
    path = ".".join(str(part) for part in location)
    if path == "api_name" and "pattern" in message:
        return (
            "api_name: use 1 to 100 lower-case letters, digits, '-' and '_', "
            "beginning and ending with a letter or digit"
        )
    return f"{path}: {message.removeprefix('Value error, ')}"

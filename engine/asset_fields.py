"""Builds assets and drafts from the fields an author writes, and says how two versions differ."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import orjson
from pydantic import ValidationError

from engine.errors import DefinitionInvalidError
from engine.model import Caller, Issue
from engine.model.asset import ASSET_FIELDS, Asset, AssetDraft, AssetVersion

M = TypeVar("M", Asset, AssetDraft)


def diff_versions(a: AssetVersion, b: AssetVersion) -> dict[str, Any]:
    """How `b` differs from `a`: changed fields with both values, and the content as a diff."""
    return {
        "from_version": a.version,
        "to_version": b.version,
        "changed": {
            name: {"from": before, "to": after}
            for name in ("description", "tags")
            if (before := _json(a)[name]) != (after := _json(b)[name])
        },
        "content_diff": "\n".join(
            difflib.unified_diff(
                content_text(a.content).splitlines(),
                content_text(b.content).splitlines(),
                f"version {a.version}",
                f"version {b.version}",
                lineterm="",
            )
        ),
    }


def content_text(content: Mapping[str, Any]) -> str:
    """A content as one reads and compares it; long texts keep their lines."""
    texts = {
        name: value for name, value in content.items() if isinstance(value, str) and "\n" in value
    }
    rest = {name: value for name, value in content.items() if name not in texts}
    parts = [f"{name}: |\n{text.rstrip()}" for name, text in texts.items()]
    parts += [orjson.dumps(rest, option=orjson.OPT_INDENT_2).decode()] if rest else []
    return "\n".join(parts)


def _json(version: AssetVersion) -> dict[str, Any]:
    return version.model_dump(mode="json")


def new_asset(fields: Mapping[str, Any], caller: Caller) -> Asset:
    """An asset of the caller's tenant that was never published.

    Raises:
        DefinitionInvalidError: With one issue per field that is missing, unknown or malformed.
    """
    known = ("name", "asset_type", *ASSET_FIELDS)
    _refuse_unknown(fields, known)
    now = datetime.now(UTC)
    return _validated(
        Asset,
        {
            **fields,
            "id": uuid4(),
            "tenant_id": caller.tenant_id,
            "created_by": caller.subject,
            "created_at": now,
            "updated_at": now,
        },
    )


def changed_draft(draft: AssetDraft, fields: Mapping[str, Any], caller: Caller) -> AssetDraft:
    """`draft` with the given fields replaced, each as a whole; raises as above."""
    _refuse_unknown(fields, ASSET_FIELDS)
    changes = {**fields, "updated_by": caller.subject, "updated_at": datetime.now(UTC)}
    return _validated(AssetDraft, {**draft.model_dump(), **changes})


def _validated(model: type[M], values: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        issues = tuple(
            Issue(
                code="invalid_field",
                message=f"{mistake['loc'][0]}: {mistake['msg'].removeprefix('Value error, ')}",
                path=".".join(str(part) for part in mistake["loc"]),
            )
            for mistake in error.errors(include_input=False, include_url=False)
        )
        raise DefinitionInvalidError(issues[0].message, issues=issues) from error


def _refuse_unknown(fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(set(fields) - set(known))
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, 1)
        message = f"{unknown[0]!r} cannot be set here; what can is {', '.join(known)}"
        issue = Issue(
            code="unknown_field",
            message=message,
            path=unknown[0],
            suggestion=near[0] if near else None,
        )
        raise DefinitionInvalidError(message, issues=(issue,))


def as_draft(asset: Asset) -> AssetDraft:
    """What is published, as one could begin to change it."""
    return AssetDraft(
        asset_id=asset.id,
        **{name: getattr(asset, name) for name in ASSET_FIELDS},
        base_version=asset.version,
        updated_by=asset.created_by,
        updated_at=asset.updated_at,
    )

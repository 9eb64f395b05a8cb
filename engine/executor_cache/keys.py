"""What an answer is kept under: its key, and the tags whose invalidation drops it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson

from engine.model import ApiDefinition
from engine.model.keys import tenant_key
from engine.ports import Params

Render = Callable[[str, Mapping[str, Any]], str]
"""Fills a template from a context; raises TemplateFailedError."""


def answer_key(
    api: ApiDefinition,
    params: Params,
    input_payload: Any,
    *,
    user: str | None = None,
    variant: str = "",
) -> str:
    """SHA-256 over everything that shapes an answer, in one canonical order.

    Args:
        api: Its tenant, id and version are part of the key.
        params: The bound parameters.
        input_payload: The call's input, any JSON value.
        user: The caller, for answers that differ by user.
        variant: Whatever else changes the answer: the mask in force, a lowered row cap.
    """
    parts = [api.tenant_id, str(api.id), api.version, params, input_payload, user, variant]
    return tenant_key(api.tenant_id, hashlib.sha256(_canonical(parts)).hexdigest())


def _canonical(value: Any) -> bytes:
    try:
        encoded = orjson.dumps(
            value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=_spell
        )
    except (TypeError, ValueError):
        return _spelled_out(value)
    # orjson writes NaN and infinities as null, and an answer for null is not theirs.
    return _spelled_out(value) if b"null" in encoded else encoded


def _spelled_out(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=_spell).encode()


def _spell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return f"{type(value).__name__}:{value}"


def api_tag(tenant_id: str, api_id: UUID) -> str:
    """The tag of every answer of one API."""
    return tenant_key(tenant_id, f"api:{api_id}")


def all_tag(tenant_id: str) -> str:
    """The tag of every answer in a tenant."""
    return tenant_key(tenant_id, "*")


def answer_tags(
    api: ApiDefinition, tables: Iterable[str], params: Params, render: Render
) -> tuple[str, ...]:
    """Every tag of an answer: tenant, API, each table read, and those its policy declares.

    A table `main.flights` is tagged by both its qualified and its bare name, in lower case. Raises
    TemplateFailedError for a declared tag that cannot be filled from `params`.
    """
    context = {"params": params, "context": {"tenant_id": api.tenant_id}}
    declared = (
        render(tag, context) if "{{" in tag else tag for tag in api.runtime_policy.cache.tags
    )
    names = {name.lower() for table in tables for name in (table, table.rpartition(".")[2])}
    own = sorted({*declared, *(f"table:{name}" for name in names)})
    return (
        all_tag(api.tenant_id),
        api_tag(api.tenant_id, api.id),
        *(tenant_key(api.tenant_id, tag) for tag in own),
    )

"""Parameter values that come from the caller's credentials instead of the request."""

import re
from collections.abc import Mapping
from typing import Any, Final

from engine.model import Caller

MISSING: Final = object()
SOURCE = re.compile(r"context\.(tenant_id|user_id)|claims\.\S+")


def value_from_caller(source: str, caller: Caller) -> Any:
    """The value `source` names, or `MISSING` where the credentials do not carry it.

    A claim is looked up by its whole name first (`https://example.org/dept` is a usual one), then
    as a path into nested claims.
    """
    if source == "context.tenant_id":
        return caller.tenant_id
    if source == "context.user_id":
        return caller.subject
    name = source.removeprefix("claims.")
    value = caller.claims[name] if name in caller.claims else _nested(caller.claims, name)
    return MISSING if value is None else value


def _nested(claims: Mapping[str, Any], path: str) -> Any:
    value: Any = claims
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value

"""Tells whether calls of an API can be made again without changing anything anywhere."""

import json
from collections.abc import Callable

from engine.errors import NotFoundError
from engine.model import ApiDefinition
from engine.references import called_apis

READING_METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing at the server (RFC 9110 §9.2.1)."""

Find = Callable[[str], ApiDefinition]
"""The live definition by name or id; raises NotFoundError."""


def writes(api: ApiDefinition, find: Find) -> str | None:
    """Why a call of an API may change something; None for what only reads.

    Queries run read-only and scripts are confined: they read. An HTTP API reads by its method, a
    workflow when everything it calls does.
    """
    return _writes(api, find, frozenset())


def _writes(api: ApiDefinition, find: Find, above: frozenset[str]) -> str | None:
    if api.logic_type == "http":
        method = _method(api.logic_body)
        return None if method in READING_METHODS else f"it sends {method}"
    if api.logic_type == "workflow":
        return _node_writes(api, find, above | {str(api.id)})
    return None


def _node_writes(api: ApiDefinition, find: Find, above: frozenset[str]) -> str | None:
    for ref, nodes in called_apis("workflow", api.logic_body).items():
        try:
            called = find(ref)
        except NotFoundError:
            continue
        reason = None if str(called.id) in above else _writes(called, find, above)
        if reason is not None:
            return f"its node {nodes[0]!r} calls {called.api_name!r}: {reason}"
    return None


def _method(body: str) -> str:
    try:
        spec = json.loads(body)
    except ValueError:
        return "a request that cannot be read"
    method = spec.get("method", "GET") if isinstance(spec, dict) else "a request of no known form"
    return str(method).upper()

"""Proposals from a Postman collection (format v2.1): an HTTP API for each request."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.errors import BadRequestError
from engine.importing.credentials import without_credentials
from engine.importing.postman_request import Placeholders, request_spec
from engine.importing.proposal import Collected, Proposal, UnusableError, http_body

MAX_COLLECTION = 10_000_000
_DEEPEST = 50
_SCHEMA = re.compile(r"collection/v2\.[01]")


def read_postman(text: str, *, values: Mapping[str, str] | None = None) -> Proposal:
    """The requests of a collection; each that cannot be kept is named with the reason.

    Args:
        text: The collection, as Postman exports it.
        values: Of variables, besides the collection's own: those of an environment, say.

    Raises:
        BadRequestError: It is no such collection.
    """
    collection = _parsed(text)
    variables = {**_variables(collection), **(values or {})}
    collected = Collected()
    for names, request, auth in _requests(collection, (), collection.get("auth"), 0):
        origin = " / ".join(names)
        placeholders = Placeholders(variables)
        try:
            spec = request_spec(request, auth, placeholders)
        except UnusableError as error:
            collected.leave_out(origin, str(error))
            continue
        spec, notes = without_credentials(spec)
        fields = {
            "logic_type": "http",
            "logic_body": http_body(spec),
            "param_schema": placeholders.params,
            "description": _text(request.get("description")),
        }
        collected.add(names[-1], origin, fields, notes)
    return collected.proposal()


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_COLLECTION:
        raise BadRequestError(f"the collection is longer than {MAX_COLLECTION} characters")
    try:
        collection: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadRequestError(
            f"the collection is no JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise BadRequestError("the collection is nested too deeply") from error
    if not isinstance(collection, dict):
        raise BadRequestError("this is no Postman collection: it is no object")
    info = collection.get("info")
    if not isinstance(info, Mapping) or not isinstance(collection.get("item"), list):
        raise BadRequestError("this is no Postman collection: it has no `info` and `item`")
    if not _SCHEMA.search(str(info.get("schema", ""))):
        raise BadRequestError("the collection is not of format v2.1; export it as that")
    return collection


def _requests(
    holder: Mapping[str, Any], names: tuple[str, ...], auth: Any, depth: int
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any], Any]]:
    """Every request with the names of its folders, and the credentials it inherits."""
    items: Sequence[Any] = holder.get("item") or ()
    for item in items if depth < _DEEPEST else ():
        if not isinstance(item, Mapping):
            continue
        inherited = item.get("auth") or auth
        path = (*names, str(item.get("name") or "request"))
        if "item" in item:
            yield from _requests(item, path, inherited, depth + 1)
        elif "request" in item:
            request = item["request"]
            if not isinstance(request, Mapping):
                request = {"url": request}
            yield path, request, request.get("auth") or inherited


def _variables(collection: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(each.get("key")): str(each.get("value") or "")
        for each in collection.get("variable") or ()
        if isinstance(each, Mapping) and not each.get("disabled")
    }


def _text(description: Any) -> str:
    if isinstance(description, Mapping):
        description = description.get("content")
    return str(description or "").strip()

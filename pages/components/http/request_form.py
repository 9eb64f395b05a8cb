"""The request of an HTTP API as a form, and as the JSON that is its logic body."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODY_TYPES = ("json", "form", "text")
AUTH_FIELDS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "bearer": ("token",),
    "basic": ("username", "password"),
    "api_key": ("in", "name", "value"),
}
_ORDER = (
    *("method", "url", "headers", "params", "auth", "body", "body_type", "omit_null"),
    "response_path",
)

Spec = dict[str, Any]
Pair = dict[str, str]


@dataclass(slots=True)
class RequestForm:
    """The form as its widgets were made for it: from this body, in this revision."""

    body: str
    rev: int = 0

    def follow(self, body: str) -> None:
        """Make the widgets anew when the body was changed by anything but the form."""
        if body != self.body:
            self.body = body
            self.rev += 1


def spec_of(body: str) -> Spec | None:
    """The spec a body holds; None where a form cannot show it."""
    try:
        spec = json.loads(body)
    except (json.JSONDecodeError, RecursionError):
        return None
    return spec if isinstance(spec, dict) and _fits_a_form(spec) else None


def body_of(spec: Spec) -> str:
    """A spec as JSON, its keys in the order in which one reads a request."""
    known = [key for key in _ORDER if key in spec]
    ordered = {key: spec[key] for key in [*known, *(key for key in spec if key not in _ORDER)]}
    return json.dumps(ordered, indent=2, ensure_ascii=False)


def with_part(spec: Spec, name: str, value: Any) -> Spec:
    """A spec with a part set, or without it when it is empty; the same when nothing changed."""
    if spec.get(name) == value or (not spec.get(name) and not value):
        return spec
    rest = {key: part for key, part in spec.items() if key != name}
    return rest if value in (None, "", {}, []) else {**rest, name: value}


def pairs_of(entries: Mapping[str, Any]) -> list[Pair]:
    """Headers, params or form fields as rows; a list repeats its name."""
    return [
        {"name": name, "value": _text(each)}
        for name, value in entries.items()
        for each in (value if isinstance(value, list) else [value])
    ]


def entries_of(rows: Sequence[Mapping[Any, Any]], before: Mapping[str, Any]) -> dict[str, Any]:
    """Rows as an object; a repeated name becomes a list, and what was no text stays what it was."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        name = row.get("name")
        if isinstance(name, str) and name.strip():
            found.setdefault(name.strip(), []).append(row.get("value"))
    return {
        name: _as_before(
            [value if isinstance(value, str) else "" for value in values], before, name
        )
        for name, values in found.items()
    }


def _as_before(texts: list[str], before: Mapping[str, Any], name: str) -> Any:
    known = before.get(name)
    same = {_text(each): each for each in (known if isinstance(known, list) else [known])}
    values = [same.get(text, text) if name in before else text for text in texts]
    return values if len(values) > 1 or isinstance(known, list) else values[0]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fits_a_form(spec: Spec) -> bool:
    objects = all(isinstance(spec.get(key, {}), dict) for key in ("headers", "params", "auth"))
    texts = all(isinstance(spec.get(key, ""), str) for key in ("method", "url", "response_path"))
    known = str(spec.get("method", "GET")).upper() in METHODS
    auth = spec.get("auth") or {}
    return objects and texts and known and (not auth or auth.get("type") in AUTH_FIELDS)


def is_complete(spec: Spec) -> bool:
    """Whether a request can be written out: it has a URL, and its auth has every field."""
    auth = spec.get("auth") or {}
    needed = AUTH_FIELDS[auth.get("type", "none")]
    return bool(spec.get("url")) and all(auth.get(name) for name in needed if name != "in")

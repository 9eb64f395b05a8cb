"""What a reader of foreign definitions proposes: APIs to make, and what could not become one."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.model.definition import API_NAME_PATTERN

_LONGEST_NAME = 100
_LONGEST_SECRET = 64
_SECRET = re.compile(r"{{\s*secrets\.([A-Za-z_]\w*)\s*}}")
_BODY_ORDER = (
    *("method", "url", "headers", "params", "auth", "body", "body_type", "omit_null"),
    "response_path",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One API that could be made.

    Attributes:
        name: Of the API, before any prefix.
        origin: Where it was found, in the words of its source: `GET /pets/{id}`, `sales.sql`.
        fields: The authored fields, without `api_name`.
        notes: What of the source it does not keep, or what is left to do.
    """

    name: str
    origin: str
    fields: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the secrets that it reads, in order."""
        return tuple(dict.fromkeys(_SECRET.findall(str(self.fields.get("logic_body", "")))))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the source that becomes no API, and why."""

    origin: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """All that was found in a source, in its order."""

    apis: tuple[Proposed, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class UnusableError(Exception):
    """A part of the source that cannot become an API; the message is the reason."""


@dataclass(slots=True)
class Collected:
    """A proposal in the making; names are made unique as they come."""

    apis: list[Proposed] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def add(
        self, name: str, origin: str, fields: Mapping[str, Any], notes: Sequence[str] = ()
    ) -> None:
        """Propose an API under this name, or under one like it."""
        unique = unique_name(api_name(name), self._names)
        self._names.add(unique)
        self.apis.append(
            Proposed(name=unique, origin=origin, fields=fields, notes=tuple(dict.fromkeys(notes)))
        )

    def leave_out(self, origin: str, reason: str) -> None:
        """Say why something becomes no API."""
        self.left_out.append(LeftOut(origin, reason))

    def proposal(self) -> Proposal:
        """What was collected."""
        return Proposal(apis=tuple(self.apis), left_out=tuple(self.left_out))


def api_name(text: str) -> str:
    """A text as the name of an API: `getPetById` becomes `get-pet-by-id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    slug = re.sub(r"[^a-z0-9_]+", "-", spaced.lower())[:_LONGEST_NAME].strip("-_")
    return slug if re.fullmatch(API_NAME_PATTERN, slug) else "imported"


def unique_name(name: str, taken: Iterable[str]) -> str:
    """The name, or with a number behind it when it is taken."""
    known, number, candidate = set(taken), 1, name
    while candidate in known:
        number += 1
        candidate = f"{name[: _LONGEST_NAME - len(str(number)) - 1]}-{number}"
    return candidate


def param_name(text: str, taken: Iterable[str] = ()) -> str:
    """A text as a parameter that templates can name: `X-Trace-Id` becomes `x_trace_id`."""
    word = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "value"
    if word.isupper() or "-" in text:
        word = word.lower()
    word = f"_{word}" if word[0].isdigit() else word
    known, number, candidate = set(taken), 1, word
    while candidate in known:
        number += 1
        candidate = f"{word}_{number}"
    return candidate


def secret_name(text: str) -> str:
    """A text as the name of a secret."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    word = re.sub(r"\W+", "_", spaced, flags=re.ASCII).strip("_").upper() or "SECRET"
    return (f"_{word}" if word[0].isdigit() else word)[:_LONGEST_SECRET]


def secret(text: str) -> str:
    """The template that reads the secret named after a text."""
    return f"{{{{secrets.{secret_name(text)}}}}}"


def http_body(spec: Mapping[str, Any]) -> str:
    """A request spec as a logic body, without what is empty, in the order in which one reads it."""
    kept = {key: spec[key] for key in _BODY_ORDER if spec.get(key) not in (None, {}, [])}
    return json.dumps(kept, indent=2, ensure_ascii=False)

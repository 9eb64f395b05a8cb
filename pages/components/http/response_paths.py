"""Places in an answer, and the JMESPath that picks each."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 5
MOST = 80
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PLAIN_PATH = re.compile(r'(?:[A-Za-z_][A-Za-z0-9_]*|"[^"]*"|\[\d*\]|\.)*', re.ASCII)
LONGEST_SAMPLE = 40


@dataclass(frozen=True)
class Place:
    """One place: its path from the answer's root, its depth, and what stands there."""

    path: str
    depth: int
    name: str
    words: str


def places_of(answer: Any) -> list[Place]:
    """The places of an answer as a tree in reading order; the first object speaks for its list."""
    places: list[Place] = []
    for place in _below(answer, "", 0):
        if len(places) == MOST:
            break
        places.append(place)
    return places


def picked(before: str, path: str) -> str:
    """The path that picks from the whole answer what `path` picks from what `before` picks."""
    if not before:
        return path
    if not _PLAIN_PATH.fullmatch(before):
        return f"{before} | {path}"
    return before + path if path.startswith("[") else f"{before}.{path}"


def words_of(value: Any) -> str:
    """What a value is, for people."""
    if isinstance(value, Mapping):
        return f"object, {len(value)} {'field' if len(value) == 1 else 'fields'}"
    if isinstance(value, list):
        kind = "objects" if value and isinstance(value[0], Mapping) else "values"
        return f"list of {len(value):,} {kind}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SAMPLE else f"{text[: LONGEST_SAMPLE - 1]}…"


def _below(value: Any, path: str, depth: int) -> Iterator[Place]:
    if depth > DEEPEST:
        return
    if isinstance(value, list) and value:
        first = value[0]
        if depth == 0:
            yield Place(f"{path}[0]", depth, "first element", words_of(first))
        if isinstance(first, Mapping):
            yield from _fields(first, f"{path}[]", depth)
    elif isinstance(value, Mapping):
        yield from _fields(value, path, depth)


def _fields(value: Mapping[str, Any], path: str, depth: int) -> Iterator[Place]:
    for name, inner in value.items():
        key = name if _PLAIN.fullmatch(name) else json.dumps(name)
        own = f"{path}.{key}" if path else key
        yield Place(own, depth, name, words_of(inner))
        yield from _below(inner, own, depth + 1)

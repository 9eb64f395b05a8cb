"""Reads the type names of both databases, as they stand in `Column.type`, into a small tree."""

from __future__ import annotations

from dataclasses import dataclass

_QUOTES = {"'", '"'}


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type: its base name in lower case without arguments, and what stood in its parentheses.

    Lists and arrays are `list` with one child (`size` for DuckDB's fixed arrays); `struct`,
    `union`, `tuple` and `map` have children, structs and unions also `names`.
    """

    base: str
    arguments: tuple[int, ...] = ()
    children: tuple[SqlType, ...] = ()
    names: tuple[str, ...] = ()
    size: int | None = None


def parse_type(name: str) -> SqlType:
    """Read `STRUCT(a DECIMAL(18,2), b VARCHAR[])`, `timestamp(3) with time zone` and the like.

    A name that is in no list of ours (an enum, a domain) is its own base.
    """
    name = name.strip()
    if name.endswith("]"):
        opening = name.rindex("[")
        size = name[opening + 1 : -1]
        child = parse_type(name[:opening])
        return SqlType("list", children=(child,), size=int(size) if size else None)
    base, inside, after = _parted(name)
    base = f"{base} {after}".strip().lower()
    if base in {"struct", "union"}:
        fields = [_field(part) for part in _split(inside)]
        return SqlType(
            base,
            children=tuple(parse_type(child) for _, child in fields),
            names=tuple(field for field, _ in fields),
        )
    if base in {"map", "tuple"}:
        return SqlType(base, children=tuple(parse_type(part) for part in _split(inside)))
    parts = [part.strip() for part in inside.split(",")]
    numbers = tuple(int(part) for part in parts if part.lstrip("-").isdigit())
    return SqlType(base, arguments=numbers)


def _parted(name: str) -> tuple[str, str, str]:
    opening = name.find("(")
    if opening < 0 or name.startswith('"'):
        return name, "", ""
    closing = name.rindex(")")
    return name[:opening].strip(), name[opening + 1 : closing], name[closing + 1 :].strip()


def _split(inside: str) -> list[str]:
    """The parts between commas that stand in no parentheses or quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for index, character in enumerate(inside):
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and not depth:
            parts.append(inside[start:index].strip())
            start = index + 1
    tail = inside[start:].strip()
    return [*parts, tail] if tail else parts


def _field(part: str) -> tuple[str, str]:
    """A field's name and type; the name may be quoted."""
    if not part.startswith('"'):
        name, _, child = part.partition(" ")
        return name, child
    end = 1
    while part[end] != '"' or part[end + 1 : end + 2] == '"':
        end += 2 if part[end] == '"' else 1
    return part[1:end].replace('""', '"'), part[end + 1 :].strip()

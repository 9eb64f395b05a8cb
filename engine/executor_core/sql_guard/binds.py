"""Rewrites `:name` binds to `$1`-style placeholders, and back again for positions.

A colon begins a bind where a value may stand and a name follows at once. It does not in strings,
comments, casts (`::`), array slices (`a[1:n]`), struct keys (`{'k':v}`) and prefix aliases (`x:1`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from engine.executor_core.sql_guard.lexer import Lexeme, scan, words

_OPENING = {"(": ")", "[": "]", "{": "}"}
_BEFORE_A_VALUE = words(
    """
    all and any as between by case distinct else end except escape filter from having ilike in
    intersect is isnull like limit not notnull offset on or over qualify returning select
    similar some then to union using values when where with
    """
)
_OPERANDS = {"word", "quoted", "string", "number", "placeholder"}


@dataclass(frozen=True, slots=True)
class Bind:
    """One occurrence of `:name`, at an offset of the analyst's text."""

    name: str
    offset: int


@dataclass(frozen=True)
class BoundText:
    """A statement with placeholders.

    Attributes:
        sql: The rewritten text, without trailing semicolons.
        names: The parameter of each placeholder: `$1` is `names[0]`.
        binds: Every occurrence, in order.
        lexemes: Those of the analyst's text.
        anchors: Pairs of offsets in `sql` and in `source` from which both run alike.
    """

    source: str
    sql: str
    names: tuple[str, ...]
    binds: tuple[Bind, ...]
    lexemes: tuple[Lexeme, ...]
    anchors: tuple[tuple[int, int], ...]

    def source_offset(self, offset: int) -> int:
        """Where in the analyst's text an offset of the rewritten text lies."""
        index = bisect_right(self.anchors, (offset, len(self.source))) - 1
        rewritten, original = self.anchors[index]
        return min(original + offset - rewritten, len(self.source))


def bind(sql: str, declared: Collection[str] | None = None) -> BoundText:
    """Find the binds of a statement and rewrite them.

    Args:
        sql: One statement; trailing semicolons and what follows them are left out.
        declared: The parameters there are, if known; they decide `a[:n]`, which is a subscript for
            a parameter and an open slice otherwise.
    """
    lexemes = _without_end(scan(sql))
    rewriting = _Rewriting(sql)
    for lexeme, name in _named(lexemes, declared):
        rewriting.add(lexeme, name)
    return rewriting.result(lexemes)


class _Rewriting:
    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._length = 0
        self._names: list[str] = []
        self._binds: list[Bind] = []
        self._anchors = [(0, 0)]

    def add(self, lexeme: Lexeme, name: str | None) -> None:
        if name is None:
            self._append(lexeme.text)
            return
        if name not in self._names:
            self._names.append(name)
        self._binds.append(Bind(name, lexeme.start))
        # In `in:ids` a bare `$1` would become part of the word.
        before = self._source[lexeme.start - 1 : lexeme.start]
        space = " " if before.isalnum() or before in {"_", "$"} else ""
        self._append(f"{space}${self._names.index(name) + 1}")
        self._anchors.append((self._length, lexeme.end + len(name)))

    def result(self, lexemes: Sequence[Lexeme]) -> BoundText:
        return BoundText(
            source=self._source,
            sql="".join(self._pieces),
            names=tuple(self._names),
            binds=tuple(self._binds),
            lexemes=tuple(lexemes),
            anchors=tuple(self._anchors),
        )

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def _without_end(lexemes: list[Lexeme]) -> list[Lexeme]:
    end = len(lexemes)
    while end and (not lexemes[end - 1].is_code or lexemes[end - 1].text == ";"):
        end -= 1
    return lexemes[:end]


def _named(
    lexemes: list[Lexeme], declared: Collection[str] | None
) -> Iterator[tuple[Lexeme, str | None]]:
    """Each lexeme, a bind's colon with its name in place of the two."""
    enclosing: list[str] = []
    before: Lexeme | None = None
    skip = False
    for index, lexeme in enumerate(lexemes):
        following = lexemes[index + 1] if index + 1 < len(lexemes) else None
        if skip:
            skip = False
            continue
        name = None
        if lexeme.text == ":" and following is not None and following.kind == "word":
            inside = enclosing[-1] if enclosing else ""
            if _starts_a_bind(lexeme, following.text, before, inside, declared):
                name, skip = following.text, True
        yield lexeme, name
        _enter_or_leave(enclosing, lexeme)
        if lexeme.is_code:
            before = following if name else lexeme


def _starts_a_bind(
    colon: Lexeme,
    name: str,
    before: Lexeme | None,
    inside: str,
    declared: Collection[str] | None,
) -> bool:
    if before is None:
        return True
    if inside == "[" and before.text == "[":
        return declared is None or name in declared
    if not _ends_an_operand(before):
        return True
    # After an operand a colon separates: bounds, a key from its value, or an alias from its value.
    return inside not in {"[", "{"} and before.end != colon.start


def _ends_an_operand(lexeme: Lexeme) -> bool:
    if lexeme.kind == "word":
        return lexeme.text.lower() not in _BEFORE_A_VALUE
    return lexeme.kind in _OPERANDS or lexeme.text in {")", "]", "}"}


def _enter_or_leave(enclosing: list[str], lexeme: Lexeme) -> None:
    if lexeme.kind != "symbol":
        return
    if lexeme.text in _OPENING:
        enclosing.append(lexeme.text)
    elif enclosing and lexeme.text == _OPENING[enclosing[-1]]:
        enclosing.pop()

"""Splits SQL into lexemes, exactly enough to never mistake a string or comment for code.

The rules that PostgreSQL and DuckDB share (PostgreSQL manual, 4.1 Lexical Structure): quoted and
dollar-quoted strings, escape strings, quoted names, nested comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LEXEME = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n\r]*|/\*)
  | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'?|'(?:[^']|'')*'?)
  | (?P<quoted>"(?:[^"]|"")*"?)
  | (?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<placeholder>\$\w+)
  | (?P<word>[^\W\d][\w$]*)
  | (?P<number>\.?\d[\w.]*)
  | (?P<symbol>::|:=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One piece of SQL; `start` and `end` are offsets in characters.

    Kinds: space, comment, unclosed (a comment without end), string (dollar-quoted ones too),
    quoted (a name), placeholder, word, number, symbol.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset just past it."""
        return self.start + len(self.text)

    @property
    def is_code(self) -> bool:
        """Whether it is neither white space nor a comment."""
        return self.kind not in {"space", "comment"}


def scan(sql: str) -> list[Lexeme]:
    """Every lexeme of a text, in order and without gaps; never fails."""
    lexemes = []
    position = 0
    while position < len(sql):
        match = _LEXEME.match(sql, position)
        kind = str(match.lastgroup) if match else "symbol"
        end = match.end() if match else position + 1
        if sql.startswith("/*", position):
            closed = _comment_end(sql, position)
            kind, end = ("comment", closed) if closed else ("unclosed", len(sql))
        kind = "string" if kind in {"dollar", "tag"} else kind
        lexemes.append(Lexeme(kind, sql[position:end], position))
        position = end
    return lexemes


def words(text: str) -> frozenset[str]:
    """The words of a list in running text."""
    return frozenset(text.split())


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def statement_start(sql: str) -> int:
    """Bytes of UTF-8 before the first piece of code."""
    start = next((lexeme.start for lexeme in scan(sql) if lexeme.is_code), 0)
    return len(sql[:start].encode())


def _comment_end(sql: str, start: int) -> int | None:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return None

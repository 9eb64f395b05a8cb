"""What a guard says of a statement, and which functions it lets a statement call."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.executor_core.sql_guard.lexer import scan
from engine.ports import FunctionInfo

MAX_SQL_CHARS = 100_000
"""Longer statements are refused unread: both parsers recurse, and this bounds how deep."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a statement is refused; `offset` counts characters of the text that was checked."""

    code: str
    message: str
    offset: int | None = None
    suggestion: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Findings, none of which means allowed, and the names of the tables read."""

    findings: tuple[Finding, ...] = ()
    tables: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the statement may run."""
        return not self.findings


@dataclass(frozen=True)
class CallableFunctions:
    """The functions of one database, sorted by what the guard thinks of them.

    Attributes:
        allowed: Names every overload of which is harmless.
        unary_denied: Other names that `(value).name` would call.
        tables: Functions that may stand in FROM.
    """

    allowed: frozenset[str]
    unary_denied: frozenset[str]
    tables: frozenset[str] = frozenset()


def sort_functions(
    functions: Iterable[FunctionInfo],
    is_harmless: Callable[[FunctionInfo], bool],
    tables: frozenset[str] = frozenset(),
) -> CallableFunctions:
    """Sort a catalogue; a name with one harmful overload is denied altogether."""
    known = [each for each in functions if not each.returns_rows_only]
    denied = {each.name for each in known if not is_harmless(each)}
    return CallableFunctions(
        allowed=frozenset(each.name for each in known) - denied,
        unary_denied=frozenset(each.name for each in known if each.name in denied and each.unary),
        tables=tables,
    )


TOO_DEEP = Finding("too_deep", "the statement is nested too deeply")


def refused_unread(sql: str) -> Finding | None:
    """What is wrong with a text that no parser should be given."""
    if len(sql) > MAX_SQL_CHARS:
        return Finding(
            "too_long", f"the statement has {len(sql)} characters; {MAX_SQL_CHARS} are allowed"
        )
    if "\0" in sql:
        # C parsers stop there, and would judge only what stands before it.
        return Finding("nul_character", "the statement holds a NUL character", sql.index("\0"))
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        return Finding("not_unicode", "the statement holds half a surrogate pair", error.start)
    return None


def several_statements(sql: str, count: int) -> Finding:
    """The finding for stacked statements, at the second one."""
    code = [lexeme for lexeme in scan(sql) if lexeme.is_code]
    second = next(
        after.start
        for before, after in itertools.pairwise(code)
        if before.text == ";" and after.text != ";"
    )
    return Finding(
        "multiple_statements",
        f"there are {count} statements; one is allowed",
        second,
        "Make each statement an API of its own, or join them in a workflow.",
    )


def byte_offset_to_chars(sql: str, offset: int) -> int:
    """An offset in UTF-8 bytes, as both parsers count, in characters."""
    return len(sql.encode()[:offset].decode(errors="ignore"))

"""Makes PIVOT statements readable whose columns come from the data.

DuckDB turns `PIVOT t ON year` into several statements, which its serializer refuses. With a list of
values, `PIVOT t ON year IN ('')`, it is one SELECT with the same tables, functions and expressions,
so the guard reads that form and DuckDB runs the analyst's.
"""

from __future__ import annotations

import itertools

from engine.executor_core.sql_guard.lexer import Lexeme, scan

_PIVOTS = {"pivot", "pivot_wider"}
_ENDS = {"using", "group", "order", "limit", "offset", "union", "except", "intersect", "where"}
_LISTED = " IN ('')"


def with_listed_pivots(sql: str) -> tuple[str, tuple[int, ...]]:
    """The statement with a list of values after each pivoted column that has none.

    Returns:
        The text, and the offsets in `sql` where a list was put in; see `offset_before_listing`.
    """
    code = [lexeme for lexeme in scan(sql) if lexeme.is_code]
    places = sorted(
        place
        for index, lexeme in enumerate(code)
        if lexeme.kind == "word" and lexeme.text.lower() in _PIVOTS
        for place in _unlisted(code[index + 1 :])
    )
    parts = [sql[start:end] for start, end in itertools.pairwise([0, *places, len(sql)])]
    return _LISTED.join(parts), tuple(places)


def offset_before_listing(offset: int, places: tuple[int, ...]) -> int:
    """An offset in the text with lists as one in the text without."""
    for place in places:
        if offset > place:
            offset = max(place, offset - len(_LISTED))
    return offset


def _unlisted(code: list[Lexeme]) -> list[int]:
    """The ends of the pivoted columns, of the PIVOT that has just begun, that list no values."""
    places: list[int] = []
    depth = 0
    inside_on = has_list = False
    last: Lexeme | None = None
    for lexeme in code:
        word = lexeme.text.lower() if lexeme.kind == "word" and not depth else ""
        ends = (
            depth < 0 or (not depth and lexeme.text == ")") or word in _ENDS or lexeme.text == ";"
        )
        if inside_on and last and not has_list and (ends or (not depth and lexeme.text == ",")):
            places.append(last.end)
        if ends:
            return places
        if not depth and lexeme.text == ",":
            has_list = False
        elif word == "on" and not inside_on:
            inside_on, last = True, None
            continue
        elif word == "in":
            has_list = True
        depth += (lexeme.text in "([{") - (lexeme.text in ")]}")
        last = lexeme
    return [*places, last.end] if inside_on and last and not has_list else places

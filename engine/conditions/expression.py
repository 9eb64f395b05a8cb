"""Compound expressions in the Common Expression Language, bounded in what they may cost.

An expression is short, its loops (`all`, `exists`, `exists_one`, `filter`) are not nested, and it
builds no lists (`map`): so its work grows with the size of the event and no faster. The language
itself has no loops without an end, no calls of ours, and regular expressions in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import cel

from engine.conditions.fields import ConditionFailedError

MAX_CHARS = 1000
MAX_PARENTHESES = 40
_LOOPS = frozenset({"all", "exists", "exists_one", "filter"})
_STRING_OR_COMMENT = re.compile(
    r"""//[^\n]*
    | [bB]?[rR][bB]?(?: \'{3}.*?\'{3} | "{3}.*?"{3} | '[^'\n]*' | "[^"\n]*" )
    | \'{3}(?:\\.|[^\\])*?\'{3} | "{3}(?:\\.|[^\\])*?"{3}
    | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*"
    """,
    re.DOTALL | re.VERBOSE,
)
_CALL_OR_PARENTHESIS = re.compile(r"(\w+)\s*\(|[()\[\]{}]")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]{1,200})")


class ExpressionInvalidError(ValueError):
    """A text is no expression, or one that may cost too much.

    Attributes:
        line, column: Where, counted from 1, as far as it is known.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class CelExpression:
    """A compiled expression; immutable, safe for any number of threads."""

    def __init__(self, source: str) -> None:
        """Compile; raises ExpressionInvalidError."""
        _check_bounds(source)
        try:
            self._program = cel.compile(source)
        except ValueError as error:
            raise _syntax_error(str(error)) from error
        self.source = source
        self.names = tuple(self._program.variables())

    def fulfilled(self, names: Mapping[str, Any]) -> bool:
        """Whether the expression is true; it is not where it reads what is missing.

        Raises:
            ConditionFailedError: Types do not fit together, or the value is neither true nor false.
        """
        known = {name: names[name] for name in self.names if name in names}
        try:
            value = self._program.execute(known)
        except KeyError:
            return False
        except RuntimeError as error:
            if "Undefined variable" in str(error):
                return False
            raise ConditionFailedError(_first_sentence(error)) from error
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise ConditionFailedError(_first_sentence(error)) from error
        if not isinstance(value, bool):
            raise ConditionFailedError("the expression gives neither true nor false")
        return value


def _check_bounds(source: str) -> None:
    if not source.strip():
        raise ExpressionInvalidError("the expression is empty")
    if len(source) > MAX_CHARS:
        raise ExpressionInvalidError(f"the expression is longer than {MAX_CHARS} characters")
    open_calls: list[str] = []
    for found in _CALL_OR_PARENTHESIS.finditer(_STRING_OR_COMMENT.sub(" ", source)):
        text = found[0]
        if text in ")]}":
            del open_calls[-1:]
            continue
        _check_call(found[1] or "", open_calls)
        open_calls.append(found[1] or "")
        if len(open_calls) > MAX_PARENTHESES:
            raise ExpressionInvalidError(
                f"the expression has more than {MAX_PARENTHESES} parentheses in each other"
            )


def _check_call(name: str, open_calls: list[str]) -> None:
    if name == "map":
        raise ExpressionInvalidError("'map' is not available; 'exists' and 'all' look into lists")
    if name in _LOOPS and _LOOPS & set(open_calls):
        raise ExpressionInvalidError(f"{name!r} may not stand inside another loop over a list")


def _syntax_error(message: str) -> ExpressionInvalidError:
    place = _PLACE.search(message)
    if place is None:
        return ExpressionInvalidError("this is no expression")
    return ExpressionInvalidError(place[3].split(" expecting")[0], int(place[1]), int(place[2]))


def _first_sentence(error: Exception) -> str:
    return str(error).partition(". ")[0][:200] or type(error).__name__

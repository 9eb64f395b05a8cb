"""The condition language of rules and alerts.

    {"field": "flight.arr_delay", "op": ">", "value": 30}
    {"all": [...]}   {"any": [...]}   {"not": {...}}
    {"expression": "arr_delay > 30 && carrier in ['AA', 'DL']"}

A condition is read once, with every mistake told, and then asked of any number of events. An event
that lacks what a condition reads does not fulfil it; `missing` asks for just that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.conditions.expression import CelExpression, ExpressionInvalidError
from engine.conditions.fields import (
    ALIASES,
    OPERATORS,
    ConditionFailedError,
    compare,
    value_at,
    value_mistake,
)
from engine.errors import DefinitionInvalidError
from engine.model import Issue

__all__ = ["Condition", "ConditionFailedError", "compile_condition"]

MAX_DEPTH = 6
MAX_PARTS = 50
_SHAPES = (
    'a condition is {"field", "op", "value"}, {"all": [...]}, {"any": [...]}, {"not": {...}} '
    'or {"expression": "..."}'
)

Test = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read; immutable, safe for any number of threads.

    Attributes:
        names: The first names of what it reads: `flight` for `flight.arr_delay`. Names that an
            expression binds itself, like the `x` of `exists(x, ...)`, are among them.
    """

    names: frozenset[str]
    _test: Test

    def fulfilled(self, names: Mapping[str, Any]) -> bool:
        """Whether an event, or a set of figures, fulfils it.

        Raises:
            ConditionFailedError: Types do not fit the condition; the message names the field.
        """
        return self._test(names)


def compile_condition(
    spec: Any, path: str = "condition", *, known: Sequence[str] | None = None
) -> Condition:
    """Read a condition; `path` is where it stands in its definition.

    Args:
        spec: Parsed JSON; a text is an expression.
        path: What every issue's path begins with.
        known: The names there will be, where that is known: fields that begin otherwise are
            mistakes. Expressions are not judged by it.

    Raises:
        DefinitionInvalidError: With an issue for every mistake.
    """
    reader = _Reader(known)
    test = reader.read(spec, path, 1)
    if reader.issues:
        raise DefinitionInvalidError(reader.issues[0].message, issues=tuple(reader.issues))
    return Condition(frozenset(reader.names), test)


class _Reader:
    """Builds the test and collects issues on the way."""

    def __init__(self, known: Sequence[str] | None) -> None:
        self.issues: list[Issue] = []
        self.names: set[str] = set()
        self._known = known
        self._parts = 0

    def read(self, spec: Any, path: str, depth: int) -> Test:
        self._parts += 1
        if depth > MAX_DEPTH or self._parts > MAX_PARTS:
            return self._refuse(
                path, f"a condition has at most {MAX_DEPTH} levels and {MAX_PARTS} parts"
            )
        if isinstance(spec, str):
            return self._expression(spec, path)
        if not isinstance(spec, Mapping):
            return self._refuse(path, _SHAPES)
        keys = set(spec)
        if keys in ({"all"}, {"any"}):
            return self._group(spec, path, depth)
        if keys == {"not"}:
            inner = self.read(spec["not"], f"{path}.not", depth + 1)
            return lambda names: not inner(names)
        if keys == {"expression"}:
            return self._expression(spec["expression"], f"{path}.expression")
        if {"field", "op"} <= keys <= {"field", "op", "value"}:
            return self._comparison(spec, path)
        return self._refuse(path, _SHAPES)

    def _group(self, spec: Mapping[str, Any], path: str, depth: int) -> Test:
        ((kind, parts),) = spec.items()
        if not isinstance(parts, list) or not parts:
            return self._refuse(f"{path}.{kind}", f"{kind!r} takes a list of conditions")
        tests = [
            self.read(part, f"{path}.{kind}[{number}]", depth + 1)
            for number, part in enumerate(parts)
        ]
        if kind == "all":
            return lambda names: all(test(names) for test in tests)
        return lambda names: any(test(names) for test in tests)

    def _expression(self, source: Any, path: str) -> Test:
        if not isinstance(source, str):
            return self._refuse(path, "an expression is a text")
        try:
            expression = CelExpression(source)
        except ExpressionInvalidError as error:
            return self._refuse(path, str(error), line=error.line, column=error.column)
        self.names.update(expression.names)
        return expression.fulfilled

    def _comparison(self, spec: Mapping[str, Any], path: str) -> Test:
        field, op, value = spec["field"], spec["op"], spec.get("value")
        if not isinstance(field, str) or not all(field.split(".")):
            return self._refuse(f"{path}.field", "a field is a name, or names joined by dots")
        parts = field.split(".")
        self.names.add(parts[0])
        if self._known is not None and parts[0] not in self._known:
            known = ", ".join(self._known)
            return self._refuse(f"{path}.field", f"there is no field {parts[0]!r}; known: {known}")
        op = ALIASES.get(op, op) if isinstance(op, str) else op
        if op not in OPERATORS:
            return self._refuse(
                f"{path}.op", f"there is no operator {op!r}; there are {', '.join(OPERATORS)}"
            )
        mistake = value_mistake(op, value)
        if mistake is not None:
            return self._refuse(f"{path}.value", mistake)
        return lambda names: compare(field, value_at(names, parts), op, value)

    def _refuse(
        self, path: str, message: str, *, line: int | None = None, column: int | None = None
    ) -> Test:
        self.issues.append(
            Issue(
                code="condition_invalid",
                message=f"{path}: {message}",
                path=path,
                line=line,
                column=column,
            )
        )
        return lambda _names: False

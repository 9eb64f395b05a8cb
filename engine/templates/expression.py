"""One expression: jinja2's grammar over data, with no way to reach code.

Two walls. Before it is compiled, an expression's syntax tree may hold only nodes that read and
combine data: no call, no power, no concatenation by Python's rules. While it runs, the sandbox
looks names up as items of mappings and lists only, never as attributes of objects.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NoReturn
from uuid import UUID

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from engine.errors import TemplateFailedError
from engine.templates.filters import FILTERS, TESTS

Path = tuple[str | int, ...]

MAX_EXPRESSION_CHARS = 2000
MAX_NESTING = 60
_LISTED_NAMES = 20
_ALLOWED_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.CondExpr,
)
_REFUSALS: Mapping[type[nodes.Node], str] = {
    nodes.Call: "calls are not available; use a filter, like {{ params.names | join(', ') }}",
    nodes.Pow: "** is not available",
    nodes.Concat: "~ is not available; write the parts side by side: {{ a }}-{{ b }}",
}
_RUNTIME_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TemplateError,
    TypeError,
    ValueError,
)


class ExpressionSyntaxError(ValueError):
    """The text between `{{` and `}}` is no expression, or one that may not be used."""


class _Missing(StrictUndefined):
    """What a path that leads nowhere gives: an error when used, with the names that exist."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        if self._undefined_obj is missing:
            return f"unknown name {name!r}"
        return _nothing_there(self._undefined_obj, name)


class _DataEnvironment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"{operator} is for numbers")
        return super().call_binop(context, operator, left, right)

    def call(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise SecurityError("calls are not available")

    def getattr(self, obj: Any, attribute: str) -> Any:
        found = self.getitem(obj, attribute)
        is_new = isinstance(found, Undefined) and found is not obj
        return self.undefined(obj=obj, name=attribute) if is_new else found

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj
        found = _item(obj, argument)
        # A computed key may be a secret: it is not named.
        return self.undefined(obj=obj) if found is missing else found


def _data_environment() -> _DataEnvironment:
    # Without the optimizer, nothing of an expression is computed while it is compiled.
    environment = _DataEnvironment(undefined=_Missing, optimized=False)
    environment.globals.clear()
    environment.filters = dict(FILTERS)
    environment.tests = dict(TESTS)
    return environment


_ENVIRONMENT = _data_environment()


class Expression:
    """A compiled expression; immutable, safe for any number of threads.

    Attributes:
        source: The text between the braces.
        paths: Every path of names it reads, as far as they are constant: `steps.a[0]` gives
            `("steps", "a", 0)`, `steps[params.x]` gives `("steps",)` and `("params", "x")`.
    """

    def __init__(self, source: str) -> None:
        tree = _parse(source)
        self.source = source.strip()
        self.paths = frozenset(_paths(tree))
        path = _constant_path(tree)
        self._compute = _compiled(source) if path is None else partial(_follow, path)

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The expression's value over `names`; a plain path gives the very object it leads to.

        Raises:
            TemplateFailedError: A name is unknown (the message lists those that exist), or types do
                not fit together. No message repeats a value.
        """
        try:
            return self._compute(names)
        except _RUNTIME_ERRORS as error:
            raise TemplateFailedError(
                f"{{{{ {self.source} }}}}: {_reason(error, names)}",
                details={"expression": self.source},
            ) from error


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Compile the text between the braces; raises ExpressionSyntaxError that says what is wrong."""
    return Expression(source)


def _parse(source: str) -> nodes.Expr:
    if not source.strip():
        raise ExpressionSyntaxError("there is nothing between the braces")
    if len(source) > MAX_EXPRESSION_CHARS:
        raise ExpressionSyntaxError(f"longer than {MAX_EXPRESSION_CHARS} characters")
    try:
        parser = Parser(_ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise ExpressionSyntaxError(f"unexpected {parser.stream.current.value!r}")
        _check(tree, MAX_NESTING)
    except TemplateSyntaxError as error:
        raise ExpressionSyntaxError(error.message or "not an expression") from error
    except RecursionError as error:
        raise ExpressionSyntaxError("nested too deeply") from error
    return tree


def _check(node: nodes.Node, levels_left: int) -> None:
    if levels_left == 0:
        raise ExpressionSyntaxError("nested too deeply")
    for refused, reason in _REFUSALS.items():
        if isinstance(node, refused):
            raise ExpressionSyntaxError(reason)
    if isinstance(node, nodes.Const) and node.value in {math.inf, -math.inf}:
        raise ExpressionSyntaxError("a number is too large")
    if not isinstance(node, _ALLOWED_NODES) or _is_jinjas_own(node):
        raise ExpressionSyntaxError(f"{type(node).__name__} is not available")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise ExpressionSyntaxError(
            f"no filter {node.name!r}; there are {', '.join(sorted(FILTERS))}"
        )
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise ExpressionSyntaxError(f"no test {node.name!r}; there are {', '.join(sorted(TESTS))}")
    for child in node.iter_child_nodes():
        _check(child, levels_left - 1)


def _is_jinjas_own(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "self"


def _constant_path(node: nodes.Node) -> Path | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        parent = _constant_path(node.node)
        return None if parent is None else (*parent, node.attr)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        parent = _constant_path(node.node)
        key = node.arg.value
        is_key = isinstance(key, str | int) and not isinstance(key, bool)
        return (*parent, key) if parent is not None and is_key else None
    return None


def _paths(node: nodes.Node) -> Iterator[Path]:
    path = _constant_path(node)
    if path is not None:
        yield path
        return
    for child in node.iter_child_nodes():
        yield from _paths(child)


def _compiled(source: str) -> Callable[[Mapping[str, Any]], Any]:
    compiled = _ENVIRONMENT.compile_expression(source, undefined_to_none=False)
    return lambda names: _as_data(compiled(names))


def _follow(path: Path, names: Mapping[str, Any]) -> Any:
    value: Any = names
    for index, part in enumerate(path):
        found = _item(value, part)
        if found is missing:
            raise UndefinedError(_lost(path[:index], value, part))
        value = found
    return value


def _item(obj: Any, key: Any) -> Any:
    """An item of a mapping, list or text; `missing` where there is none or `obj` is no data."""
    if not isinstance(obj, Mapping | list | tuple | str):
        return missing
    try:
        return obj[key]
    except (LookupError, TypeError):
        return missing


def _as_data(value: Any) -> Any:
    """A computed value as plain JSON data: iterators become lists, missing names errors."""
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if value is None or isinstance(value, bool | int | date | UUID | Decimal):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("the result is not a finite number")
        return value
    if isinstance(value, Mapping):
        return {str(key): _as_data(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [_as_data(item) for item in value]
    raise SecurityError("the result is not data")


def _lost(parents: Path, value: Any, part: str | int) -> str:
    if not parents:
        return f"unknown name {part!r}"
    return f"{_spelled(parents)} {_nothing_there(value, part)}"


def _nothing_there(obj: Any, name: Any) -> str:
    if isinstance(obj, Mapping):
        return f"has no {_quoted(name)}; known: {_listed(obj)}"
    if isinstance(obj, list | tuple | str) and isinstance(name, int):
        return f"has {len(obj)} items, none at {name}"
    kind = "null" if obj is None else f"of type {type(obj).__name__}"
    return f"is {kind} and has no {_quoted(name)}"


def _quoted(name: Any) -> str:
    return "such item" if name is None else repr(name)


def _listed(names: Mapping[str, Any]) -> str:
    known = [str(name) for name in names]
    return ", ".join(known[:_LISTED_NAMES]) + (", …" * (len(known) > _LISTED_NAMES)) or "none"


def _spelled(path: Path) -> str:
    first, *rest = path
    return str(first) + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in rest)


def _reason(error: Exception, names: Mapping[str, Any]) -> str:
    # Only our own messages and jinja2's are passed on: Python's may repeat a value.
    if isinstance(error, UndefinedError):
        is_root = str(error).startswith("unknown name")
        return f"{error}; known: {_listed(names)}" if is_root else str(error)
    if isinstance(error, TemplateError):
        return error.message or "failed"
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    if isinstance(error, TypeError):
        return "these types do not fit together"
    return f"failed ({type(error).__name__})"

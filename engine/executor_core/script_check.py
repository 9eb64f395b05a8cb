"""The static check of a script: what can be said of it without running any of it.

Only the syntax tree is read. Nothing is compiled into code and nothing is evaluated: decorators and
default values run when a definition does, so a check that executes would be a way in.
"""

import ast
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeGuard

from engine.executor_core import script_imports
from engine.model import Issue, ParamSpec

_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_EXAMPLE = "def main(params, input_payload):\n    return {}"
_READING_METHODS = frozenset({"get", "pop", "setdefault"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class ScriptFacts:
    """What the check found: issues in order of their place, and the modules imported."""

    issues: tuple[Issue, ...]
    imports: tuple[str, ...] = ()
    is_async: bool = False


def check_script(source: str, declared: Mapping[str, ParamSpec]) -> ScriptFacts:
    """Check syntax, `main`, imports and the parameters used against those declared."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return ScriptFacts((_syntax_issue(error),))
    except (ValueError, RecursionError, MemoryError) as error:
        return ScriptFacts((Issue(code="script_syntax", message=f"not a Python script: {error}"),))
    lines = source.splitlines()
    main = _main_of(tree)
    imports = tuple(_imports(tree))
    issues = [
        *_main_issues(tree, main, lines),
        *_import_issues(imports, lines),
        *(_param_issues(main, declared, lines) if main is not None else ()),
    ]
    return ScriptFacts(
        issues=tuple(sorted(issues, key=lambda issue: (issue.line or 0, issue.column or 0))),
        imports=tuple(sorted({one.module for one in imports})),
        is_async=isinstance(main, ast.AsyncFunctionDef),
    )


def _syntax_issue(error: SyntaxError) -> Issue:
    return Issue(
        code="script_syntax",
        message=f"invalid Python: {error.msg}",
        line=error.lineno,
        column=error.offset,
    )


# --- main ------------------------------------------------------------------------------------


def _main_of(tree: ast.Module) -> _Function | None:
    """The last top-level `def main`, which is the one that counts."""
    found = [node for node in _top_level(tree) if isinstance(node, _Function)]
    return next((node for node in reversed(found) if node.name == "main"), None)


def _main_issues(tree: ast.Module, main: _Function | None, lines: list[str]) -> Iterator[Issue]:
    if main is None:
        if not any(_binds_main(node) for node in _top_level(tree)):
            yield Issue(
                code="main_missing",
                message="the script has no function main(params, input_payload)",
                line=1,
                column=1,
                suggestion=_near_main(tree) or _EXAMPLE,
            )
        return
    if not main.decorator_list and not _takes_two(main.args):
        yield _at(
            main,
            lines,
            code="main_signature",
            message="main must accept two positional arguments: params and input_payload",
            suggestion=f"{_keyword(main)} main(params, input_payload):",
        )
    generator = next((node for node in _own_nodes(main) if isinstance(node, _YIELDS)), None)
    if generator is not None:
        yield _at(
            generator,
            lines,
            code="main_is_generator",
            message="main must return its answer: with yield it is a generator",
            suggestion="collect the values in a list and return it",
        )


_YIELDS = ast.Yield | ast.YieldFrom


def _takes_two(args: ast.arguments) -> bool:
    positional = len(args.posonlyargs) + len(args.args)
    required = positional - len(args.defaults)
    required_by_name = any(default is None for default in args.kw_defaults)
    enough = positional >= 2 or args.vararg is not None
    return enough and required <= 2 and not required_by_name


def _keyword(function: _Function) -> str:
    return "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"


def _near_main(tree: ast.Module) -> str | None:
    names = [node.name for node in tree.body if isinstance(node, _Function)]
    near = difflib.get_close_matches("main", names, n=1)
    return f"rename {near[0]} to main" if near else None


def _binds_main(node: ast.stmt) -> bool:
    """Whether a statement makes `main` some other way than by `def`."""
    if isinstance(node, ast.ClassDef):
        return node.name == "main"
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name) == "main" for alias in node.names)
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == "main" for target in targets)


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements of the module's own scope, those inside its ifs, tries and withs included."""
    pending: list[ast.AST] = [tree]
    while pending:
        for child in ast.iter_child_nodes(pending.pop(0)):
            if isinstance(child, ast.stmt):
                yield child
            if isinstance(child, ast.If | ast.Try | ast.With | ast.ExceptHandler):
                pending.append(child)


def _own_nodes(function: _Function) -> Iterator[ast.AST]:
    """Nodes of a function's body that are not inside a function or class of their own."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _Function | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))


# --- imports ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Import:
    module: str
    node: ast.stmt | ast.alias
    guarded: bool


def _imports(tree: ast.Module) -> Iterator[_Import]:
    guarded = {
        id(node)
        for attempt in ast.walk(tree)
        if isinstance(attempt, ast.Try) and any(map(_catches_import_failure, attempt.handlers))
        for statement in attempt.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(alias.name, alias, id(node) in guarded)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node, guarded=id(node) in guarded)


def _imported_from(node: ast.ImportFrom, *, guarded: bool) -> Iterator[_Import]:
    """`from http import client` is an import of http.client where that is a module we know of."""
    module = "." * node.level + (node.module or "")
    inner = [alias for alias in node.names if script_imports.refusal(f"{module}.{alias.name}")]
    if node.level or script_imports.refusal(module) or not inner:
        yield _Import(module, node, guarded)
        return
    for alias in inner:
        yield _Import(f"{module}.{alias.name}", alias, guarded)


def _catches_import_failure(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(one, ast.Name) and one.id in _IMPORT_FAILURES for one in caught)


def _import_issues(imports: tuple[_Import, ...], lines: list[str]) -> Iterator[Issue]:
    for one in imports:
        if one.module.startswith("."):
            yield _at(
                one.node,
                lines,
                code="import_relative",
                message="a script is one file: there is nothing to import from beside it",
            )
        elif (refused := script_imports.refusal(one.module)) is not None:
            message, suggestion = refused
            yield _at(
                one.node,
                lines,
                code="import_not_available",
                message=message,
                suggestion=suggestion,
                severity="warning" if one.guarded else "error",
            )


# --- parameters ------------------------------------------------------------------------------


def _param_issues(
    main: _Function, declared: Mapping[str, ParamSpec], lines: list[str]
) -> Iterator[Issue]:
    positional = [*main.args.posonlyargs, *main.args.args]
    if not positional:
        return
    mentions = [
        node
        for node in ast.walk(main)
        if isinstance(node, ast.Name) and node.id == positional[0].arg
    ]
    reads = dict(_reads(main, positional[0].arg))
    for node, name in reads.items():
        if name not in declared:
            yield _undeclared(node, name, declared, lines)
    if len(mentions) == len(reads):
        yield from _unread(main, declared, set(reads.values()), lines)


def _reads(main: _Function, params: str) -> Iterator[tuple[ast.expr, str]]:
    """Places that read a parameter by a literal name: `params["x"]`, `params.get("x")`."""
    for node in ast.walk(main):
        if isinstance(node, ast.Subscript) and _is_name(node.value, params):
            key: ast.expr | None = node.slice
        elif _is_reading_call(node, params):
            key = node.args[0]
        elif isinstance(node, ast.Compare) and _is_name(node.comparators[0], params):
            key = node.left
        else:
            continue
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield node, key.value


def _is_reading_call(node: ast.AST, params: str) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _READING_METHODS
        and _is_name(node.func.value, params)
        and bool(node.args)
    )


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _undeclared(
    node: ast.expr, name: str, declared: Mapping[str, ParamSpec], lines: list[str]
) -> Issue:
    near = difflib.get_close_matches(name, declared, n=1)
    return _at(
        node,
        lines,
        severity="warning",
        code="param_undeclared",
        message=f"parameter {name} is not declared, so no caller can send it",
        suggestion=f"did you mean {near[0]}?" if near else f"declare {name} in the param schema",
    )


def _unread(
    main: _Function, declared: Mapping[str, ParamSpec], read: set[str], lines: list[str]
) -> Iterator[Issue]:
    for name in declared:
        if name not in read:
            yield _at(
                main,
                lines,
                severity="warning",
                code="param_unused",
                message=f"parameter {name} is declared and never read",
            )


def _at(
    node: ast.stmt | ast.expr | ast.alias,
    lines: list[str],
    *,
    code: str,
    message: str,
    suggestion: str | None = None,
    severity: Literal["error", "warning"] = "error",
) -> Issue:
    """An issue at a node; columns count characters from 1, where the tree counts bytes from 0."""
    before = (
        lines[node.lineno - 1].encode()[: node.col_offset] if node.lineno <= len(lines) else b""
    )
    return Issue(
        severity=severity,
        code=code,
        message=message,
        line=node.lineno,
        column=len(before.decode(errors="replace")) + 1,
        suggestion=suggestion,
    )

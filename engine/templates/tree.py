"""Templates over parsed JSON: each text of the tree is filled by itself, once."""

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from engine.errors import DefinitionInvalidError, TemplateFailedError
from engine.model import Issue
from engine.templates.expression import Expression, ExpressionSyntaxError, Path
from engine.templates.spelling import to_text
from engine.templates.text import parse_text

MAX_DEPTH = 10
MAX_TREE_DEPTH = 100

KnownNames = Mapping[str, Collection[str] | None] | Collection[str]
_Fill = Callable[[Mapping[str, Any]], Any]


class Template:
    """A compiled tree; immutable, safe for any number of threads."""

    def __init__(self, tree: Any, path: str = "") -> None:
        self._expressions: list[Expression] = []
        self._fill = self._compile(tree, path, 0)
        self.paths: frozenset[Path] = frozenset(
            path for expression in self._expressions for path in expression.paths
        )

    @property
    def names(self) -> frozenset[str]:
        """What the template reads, by its first two names: `params.origin`, `steps.n1`, `item`."""
        return frozenset(".".join(str(part) for part in path[:2]) for path in self.paths)

    def render(self, names: Mapping[str, Any]) -> Any:
        """Fill the tree; a lone placeholder keeps its value's type, text around it makes text.

        Values are never rendered again: braces inside a value stay text.

        Raises:
            TemplateFailedError: With the path of the text, the expression and what is wrong.
        """
        return self._fill(names)

    def _compile(self, node: Any, path: str, depth: int) -> _Fill:
        if isinstance(node, str):
            return self._compile_text(node, path)
        if isinstance(node, Mapping):
            return _fill_mapping(
                {key: self._compile(item, _key(path, key), depth + 1) for key, item in node.items()}
            )
        if isinstance(node, list | tuple):
            return _fill_list(
                [self._compile(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node)]
            )
        return lambda _names: node

    def _compile_text(self, text: str, path: str) -> _Fill:
        parts = parse_text(text)
        self._expressions += [part for part in parts if isinstance(part, Expression)]
        if not any(isinstance(part, Expression) for part in parts):
            return lambda _names: text
        return _located(_fill_text(parts), path)


def compile_template(tree: Any, path: str = "") -> Template:
    """Compile a parsed JSON tree; `path` is where it stands in the definition.

    Raises:
        DefinitionInvalidError: With an issue for every text that is no template.
    """
    issues = tuple(_syntax_issues(tree, path, 0))
    if issues:
        raise DefinitionInvalidError(issues[0].message, issues=issues)
    return Template(tree, path)


def check_template(tree: Any, known_roots: KnownNames, path: str = "") -> tuple[Issue, ...]:
    """Every mistake that can be seen before rendering, each with its JSON path.

    Args:
        tree: The parsed JSON to check.
        known_roots: The root names that will exist; a mapping also says the names below each root
            (None: any), like `{"params": {"origin"}, "input": None}`.
        path: Where the tree stands in the definition, as a prefix of the issues' paths.
    """
    issues = tuple(_syntax_issues(tree, path, 0))
    if issues:
        return issues
    known = known_roots if isinstance(known_roots, Mapping) else dict.fromkeys(known_roots)
    return tuple(
        issue
        for where, text in _texts(tree, path)
        for part in parse_text(text)
        if isinstance(part, Expression)
        for issue in _unknown_names(part, known, where)
    )


def _fill_text(parts: tuple[str | Expression, ...]) -> _Fill:
    first = parts[0]
    if len(parts) == 1 and isinstance(first, Expression):
        return first.evaluate
    return lambda names: "".join(
        part if isinstance(part, str) else to_text(part.evaluate(names)) for part in parts
    )


def _located(fill: _Fill, path: str) -> _Fill:
    def fill_and_locate(names: Mapping[str, Any]) -> Any:
        try:
            return fill(names)
        except TemplateFailedError as error:
            if not path or "path" in error.details:
                raise
            raise TemplateFailedError(
                f"{path}: {error.message}", details={**error.details, "path": path}
            ) from error

    return fill_and_locate


def _fill_mapping(fills: Mapping[str, _Fill]) -> _Fill:
    return lambda names: {key: fill(names) for key, fill in fills.items()}


def _fill_list(fills: list[_Fill]) -> _Fill:
    return lambda names: [fill(names) for fill in fills]


def _key(path: str, key: str) -> str:
    return f"{path}.{key}" if path else str(key)


def _texts(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for key, item in node.items():
            yield from _texts(item, _key(path, key))
    elif isinstance(node, list | tuple):
        for index, item in enumerate(node):
            yield from _texts(item, f"{path}[{index}]")


def _syntax_issues(node: Any, path: str, depth: int) -> Iterator[Issue]:
    if depth > MAX_TREE_DEPTH:
        yield _issue("template_depth", f"nested deeper than {MAX_TREE_DEPTH} levels", path)
    elif isinstance(node, str):
        yield from _text_issues(node, path, depth)
    elif isinstance(node, Mapping):
        for key, item in node.items():
            if "{{" in str(key):
                message = "templates are filled in values only, not in keys"
                yield _issue("template_in_key", message, _key(path, key))
            yield from _syntax_issues(item, _key(path, key), depth + 1)
    elif isinstance(node, list | tuple):
        for index, item in enumerate(node):
            yield from _syntax_issues(item, f"{path}[{index}]", depth + 1)


def _text_issues(text: str, path: str, depth: int) -> Iterator[Issue]:
    try:
        parts = parse_text(text)
    except ExpressionSyntaxError as error:
        yield _issue("template_syntax", str(error), path)
        return
    if depth > MAX_DEPTH and any(isinstance(part, Expression) for part in parts):
        yield _issue("template_depth", f"templates stand at most {MAX_DEPTH} levels deep", path)


def _unknown_names(
    expression: Expression, known: Mapping[str, Collection[str] | None], path: str
) -> Iterator[Issue]:
    for root, *rest in sorted(expression.paths, key=str):
        if root not in known:
            yield _unknown(str(root), known, path)
            continue
        below = known[str(root)]
        if below is not None and rest and rest[0] not in below:
            yield _unknown(str(rest[0]), below, path, parent=f"{root}.")


def _unknown(name: str, known: Collection[str], path: str, parent: str = "") -> Issue:
    close = difflib.get_close_matches(name, list(known), n=1)
    listed = ", ".join(sorted(known)) or "none"
    return Issue(
        code="unknown_name",
        message=f"{{{{ {parent}{name} }}}} is not known here; known: {listed}",
        path=path,
        suggestion=f"did you mean {parent}{close[0]}?" if close else None,
    )


def _issue(code: str, message: str, path: str) -> Issue:
    return Issue(code=code, message=message, path=path or None)

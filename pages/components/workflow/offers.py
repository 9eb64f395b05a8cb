"""Templates to offer for a field of a step: parameters, and what steps before it answered."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pages.components.workflow.tree import HANDLER, Tree, names_of, node_of, sources_of

MAX_FIELDS = 30


def offers(
    tree: Tree, node_id: str, params: Iterable[str], answers: Mapping[str, Any]
) -> list[str]:
    """Every template that the step may use, nearest first.

    Args:
        answers: What steps answered in the last run, by their id, for the names of fields.
    """
    node = node_of(tree, node_id)
    found = [*_item(node, answers), *_error(tree, node_id)]
    found += [f"{{{{params.{name}}}}}" for name in params]
    after = {name for name in names_of(tree) if node_id in sources_of(tree, name)}
    before = sources_of(tree, node_id)
    others = [name for name in names_of(tree) if name != node_id and name not in after]
    for name in sorted(others, key=lambda each: each not in before):
        found += _step(name, answers.get(name))
    return list(dict.fromkeys([*found, "{{input}}"]))


def answer_offers(tree: Tree, params: Iterable[str], answers: Mapping[str, Any]) -> list[str]:
    """Every template that the workflow's answer may be, the last steps first."""
    found: list[str] = []
    for name in reversed(names_of(tree)):
        found += _step(name, answers.get(name))
    return [*found, *(f"{{{{params.{name}}}}}" for name in params)]


def lists_offered(offered: Iterable[str], params: Mapping[str, str]) -> list[str]:
    """Those offers that may be a list: rows, and parameters of type array."""
    arrays = {f"{{{{params.{name}}}}}" for name, kind in params.items() if kind == "array"}
    return [each for each in offered if each in arrays or each.endswith(("rows}}", "data}}"))]


def rows_of(answer: Any) -> list[Any]:
    """The rows of an answer: those of a table, or a list itself."""
    rows = answer.get("rows") if isinstance(answer, Mapping) else answer
    return rows if isinstance(rows, list) else []


def _step(name: str, answer: Any) -> Iterator[str]:
    step = f"steps.{name}"
    rows = rows_of(answer)
    yield f"{{{{{step}.rows}}}}"
    yield f"{{{{{step}.data}}}}"
    if rows and isinstance(rows[0], Mapping):
        yield from (f"{{{{{step}.rows[0].{field}}}}}" for field in _fields(rows[0]))
    elif isinstance(answer, Mapping):
        yield from (f"{{{{{step}.data.{field}}}}}" for field in _fields(answer))
    yield f"{{{{{step}.row_count}}}}"


def _item(node: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[str]:
    source = node.get("for_each")
    if source is None:
        return
    yield "{{item}}"
    items = source if isinstance(source, list) else _named_rows(str(source), answers)
    if items and isinstance(items[0], Mapping):
        yield from (f"{{{{item.{field}}}}}" for field in _fields(items[0]))


def _named_rows(template: str, answers: Mapping[str, Any]) -> list[Any]:
    path = template.strip("{} ").split(".")
    is_step = len(path) > 2 and path[0] == "steps" and path[2] in {"rows", "data"}
    return rows_of(answers.get(path[1])) if is_step else []


def _error(tree: Tree, node_id: str) -> list[str]:
    index = names_of(tree).index(node_id)
    handles = any(node.get(HANDLER) == index for node in tree["nodes"])
    return ["{{error.message}}", "{{error.node}}", "{{error.type}}"] if handles else []


def _fields(row: Mapping[str, Any]) -> list[str]:
    return [name for name in row if name.isidentifier()][:MAX_FIELDS]

"""A workflow's JSON as a tree: read, written in a form people can edit, changed step by step.

A tree may be wrong in every way the engine's check reports; only what cannot be drawn at all (no
list of nodes with distinct names) is no tree. No function changes the tree it is given.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Tree = Mapping[str, Any]

HANDLER = "on_error_action_index"
LINE_CHARS = 100
NODE_NAME = (r"^[A-Za-z_][A-Za-z0-9_]{0,62}$", "Letters, digits and _, not beginning with a digit.")

_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_STEP_NAME = re.compile(r"\bsteps(?:\.|\[\s*['\"])([A-Za-z_]\w*)")


def read(body: str) -> Tree | None:
    """The tree of a logic body; None where it cannot be drawn."""
    try:
        tree = json.loads(body)
    except (json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(tree, dict) or not isinstance(tree.get("nodes"), list):
        return None
    names = [node.get("id") if isinstance(node, dict) else None for node in tree["nodes"]]
    is_named = all(isinstance(name, str) and name for name in names)
    return tree if is_named and len(set(names)) == len(names) else None


def write(tree: Tree) -> str:
    """The body of a tree: a line for each node and edge, broken up where it would be long."""
    parts = [f"  {json.dumps(name)}: {_part(value)}" for name, value in tree.items()]
    return "{\n" + ",\n".join(parts) + "\n}"


def names_of(tree: Tree) -> list[str]:
    """The ids of the nodes as listed."""
    return [node["id"] for node in tree["nodes"]]


def node_of(tree: Tree, node_id: str) -> Mapping[str, Any]:
    """The node of that id, which must be there."""
    node: Mapping[str, Any] = tree["nodes"][names_of(tree).index(node_id)]
    return node


def drawn_edges(tree: Tree) -> list[tuple[str, str]]:
    """The edges between nodes that are there, each once."""
    names = names_of(tree)
    pairs: dict[tuple[str, str], None] = {}
    for edge in _edges(tree):
        if isinstance(edge, dict) and edge.get("source") in names and edge.get("target") in names:
            pairs[edge["source"], edge["target"]] = None
    return list(pairs)


def handler_name(tree: Tree, node: Mapping[str, Any]) -> str | None:
    """The node that handles a failure of `node`; None where the index names none."""
    index, names = node.get(HANDLER), names_of(tree)
    return names[index] if type(index) is int and 0 <= index < len(names) else None


def links(tree: Tree) -> list[tuple[str, str, str]]:
    """What waits without an edge: `reads` by a template, `handles` a failure."""
    names = set(names_of(tree))
    reads = [
        (source, node["id"], "reads")
        for node in tree["nodes"]
        for source in sorted(steps_named(node) & names - {node["id"]})
    ]
    handles = [
        (node["id"], handler, "handles")
        for node in tree["nodes"]
        if (handler := handler_name(tree, node))
    ]
    handled = {(source, target) for source, target, _ in handles}
    return [*(each for each in reads if each[:2] not in handled), *handles]


def steps_named(value: Any) -> set[str]:
    """The steps that the templates in a value name."""
    return {
        name
        for text in _texts(value)
        for expression in _EXPRESSION.findall(text)
        for name in _STEP_NAME.findall(expression)
    }


def sources_of(tree: Tree, node_id: str) -> set[str]:
    """Every node that runs before this one, directly or through others."""
    pairs = [*drawn_edges(tree), *((source, target) for source, target, _ in links(tree))]
    found: set[str] = set()
    pending = [node_id]
    while pending:
        at = pending.pop()
        new = {source for source, target in pairs if target == at} - found
        found |= new
        pending += new
    return found


def with_fields(tree: Tree, node_id: str, fields: Mapping[str, Any]) -> Tree:
    """The tree with these fields of a node; None unsets a field.

    What is written as empty already (`false`, `{}`) stays written.
    """
    before = node_of(tree, node_id)
    unset = {name for name, value in fields.items() if value is None}
    given = {name: value for name, value in fields.items() if value is not None}
    kept = {name: value for name, value in before.items() if name not in unset or not value}
    nodes = [{**kept, **given} if node["id"] == node_id else node for node in tree["nodes"]]
    return {**tree, "nodes": nodes}


def with_sources(tree: Tree, node_id: str, sources: Collection[str]) -> Tree:
    """The tree whose edges into a node come from these; other edges stay as they are."""
    pairs = drawn_edges(tree)
    kept = [
        edge
        for edge in _edges(tree)
        if not (isinstance(edge, dict) and edge.get("target") == node_id)
        or edge.get("source") in sources
    ]
    added = [source for source in sources if (source, node_id) not in pairs]
    return with_edges(tree, [*kept, *({"source": each, "target": node_id} for each in added)])


def with_edges(tree: Tree, edges: list[Any]) -> Tree:
    """The tree with these edges; none are not written where none were."""
    if not edges and "edges" not in tree:
        return tree
    return {**tree, "edges": edges}


def renamed(tree: Tree, old: str, new: str) -> Tree:
    """The tree in which a node is called otherwise, also in edges and templates."""
    changed: dict[str, Any] = {name: _renamed(value, old, new) for name, value in tree.items()}
    for node, before in zip(changed["nodes"], tree["nodes"], strict=True):
        node["id"] = new if before["id"] == old else before["id"]
    return with_edges(changed, [_moved(edge, old, new) for edge in _edges(changed)])


def removed(tree: Tree, node_id: str) -> Tree:
    """The tree without a node, its edges and its duty as a handler."""
    handlers = {node["id"]: handler_name(tree, node) for node in tree["nodes"]}
    nodes = [node for node in tree["nodes"] if node["id"] != node_id]
    edges = [
        edge
        for edge in _edges(tree)
        if not (isinstance(edge, dict) and node_id in (edge.get("source"), edge.get("target")))
    ]
    return with_edges(with_handlers({**tree, "nodes": nodes}, handlers), edges)


def with_handlers(tree: Tree, handlers: Mapping[str, str | None]) -> Tree:
    """The tree whose nodes name these handlers by their index, but for handlers that are gone.

    An index that names no node stays as it is, for the check to report.
    """
    index = {name: number for number, name in enumerate(names_of(tree))}
    nodes = []
    for node in tree["nodes"]:
        rest = {name: value for name, value in node.items() if name != HANDLER}
        handler = handlers.get(node["id"])
        if handler in index:
            rest[HANDLER] = index[handler]
        elif handler is None and HANDLER in node:
            rest[HANDLER] = node[HANDLER]
        nodes.append(rest)
    return {**tree, "nodes": nodes}


def _edges(tree: Tree) -> list[Any]:
    edges = tree.get("edges")
    return edges if isinstance(edges, list) else []


def _moved(edge: Any, old: str, new: str) -> Any:
    if not isinstance(edge, dict):
        return edge
    return {end: new if name == old else name for end, name in edge.items()}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        name = re.compile(rf"(\bsteps(?:\.|\[\s*['\"])){re.escape(old)}\b")
        return _EXPRESSION.sub(lambda found: name.sub(rf"\g<1>{new}", found[0]), value)
    if isinstance(value, Mapping):
        return {key: _renamed(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, old, new) for each in value]
    return value


def _part(value: Any) -> str:
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        lines = ",\n".join(f"    {_element(each)}" for each in value)
        return f"[\n{lines}\n  ]"
    return _broken(value, "  ")


def _element(value: Any) -> str:
    return _broken(value, "    ")


def _broken(value: Any, indent: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= LINE_CHARS or not isinstance(value, (dict, list)):
        return line
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", f"\n{indent}")

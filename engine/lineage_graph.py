"""The graph around one API: tables and APIs it stands on, APIs and tools that use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from engine.lineage_index import Entry, Index
from engine.model import ApiDefinition, LogicType

NodeKind = Literal["api", "table", "tool"]
EdgeKind = Literal["reads", "calls", "choices", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """An API, a table or a tool; `distance` is negative for what the API in question stands on."""

    id: str
    kind: NodeKind
    name: str
    distance: int
    logic_type: LogicType | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge:
    """Data flows from `source` to `target`, both ids of nodes."""

    source: str
    target: str
    kind: EdgeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGraph:
    """The neighbourhood of one API, whose node comes first."""

    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a graph is drawn from.

    Attributes:
        index: The published APIs.
        tables: The tables an API reads.
        shown: Whether an API may be drawn.
    """

    index: Index
    tables: Callable[[Entry], tuple[str, ...]]
    shown: Callable[[Entry], bool]


def draw(api: ApiDefinition, around: Surroundings, hops: int) -> LineageGraph:
    """What an API stands on and what uses it, each at most `hops` away.

    APIs that are not shown are left out, with what is only reached through them.
    """
    drawing = _Drawing(api)
    _draw_below(drawing, Entry.of(api), around, hops)
    _draw_above(drawing, Entry.of(api), around, hops)
    return drawing.graph()


def _draw_below(drawing: _Drawing, entry: Entry, around: Surroundings, hops: int) -> None:
    """Draw tables and called APIs, which data comes from."""
    level: tuple[Entry, ...] = (entry,)
    for distance in range(-1, -hops - 1, -1):
        found: dict[UUID, Entry] = {}
        for target in level:
            for table in around.tables(target):
                drawing.add_table(target, table, distance)
            for source in around.index.sources(target):
                if around.shown(source):
                    drawing.add(source, distance)
                    drawing.join(source, target)
                    found[source.id] = source
        level = tuple(found.values())


def _draw_above(drawing: _Drawing, entry: Entry, around: Surroundings, hops: int) -> None:
    """Draw the users, which data goes to."""
    level: tuple[Entry, ...] = (entry,)
    for distance in range(1, hops + 1):
        found: dict[UUID, Entry] = {}
        for source in level:
            for target in around.index.users(source.refs):
                if around.shown(target):
                    drawing.add(target, distance)
                    drawing.join(source, target)
                    found[target.id] = target
        level = tuple(found.values())


class _Drawing:
    """Nodes and edges as they are found, each once."""

    def __init__(self, api: ApiDefinition) -> None:
        self._nodes: dict[str, LineageNode] = {}
        self._edges: dict[tuple[str, str], LineageEdge] = {}
        self.add(Entry.of(api), 0)
        if api.tool_name:
            tool = LineageNode(
                id=f"tool:{api.tool_name}", kind="tool", name=api.tool_name, distance=1
            )
            self._nodes[tool.id] = tool
            self._join(_api_id(Entry.of(api)), tool.id, "tool")

    def add(self, entry: Entry, distance: int) -> None:
        """Draw an API; where it is drawn already it stays."""
        self._nodes.setdefault(
            _api_id(entry),
            LineageNode(
                id=_api_id(entry),
                kind="api",
                name=entry.name,
                distance=distance,
                logic_type=entry.logic_type,
                is_active=entry.is_active,
            ),
        )

    def add_table(self, reader: Entry, table: str, distance: int) -> None:
        """Draw a table that an API reads."""
        node_id = f"table:{reader.connection}:{table}"
        node = LineageNode(id=node_id, kind="table", name=table, distance=distance)
        self._nodes.setdefault(node_id, node)
        self._join(node_id, _api_id(reader), "reads")

    def join(self, source: Entry, target: Entry) -> None:
        """Draw the way of data from one API to another that uses it."""
        called = not target.calls.keys().isdisjoint(source.refs)
        self._join(_api_id(source), _api_id(target), "calls" if called else "choices")

    def graph(self) -> LineageGraph:
        """What was drawn."""
        return LineageGraph(nodes=tuple(self._nodes.values()), edges=tuple(self._edges.values()))

    def _join(self, source: str, target: str, kind: EdgeKind) -> None:
        edge = LineageEdge(source=source, target=target, kind=kind)
        self._edges.setdefault((source, target), edge)


def _api_id(entry: Entry) -> str:
    return f"api:{entry.id}"

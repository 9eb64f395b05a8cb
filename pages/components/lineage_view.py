"""The graph around an API: data flows from left to right, a click chooses a node."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import streamlit as st
import streamlit_agraph

from engine.lineage_graph import LineageGraph, LineageNode
from pages.components.graph_frame import FONT, graph_frame

COLUMN_PX = 240
ROW_PX = 70

Colors = Mapping[str, tuple[str, str]]
"""Fill and border by logic type, table, tool."""

LIGHT: Colors = {
    "sql": ("#dbeafe", "#1d4ed8"),
    "http": ("#ede9fe", "#6d28d9"),
    "script": ("#ffedd5", "#c2410c"),
    "workflow": ("#dcfce7", "#15803d"),
    "table": ("#f1f5f9", "#64748b"),
    "tool": ("#f1f5f9", "#64748b"),
}
DARK: Colors = {
    "sql": ("#172a4d", "#60a5fa"),
    "http": ("#2e1f4d", "#a78bfa"),
    "script": ("#40250f", "#fb923c"),
    "workflow": ("#14351f", "#4ade80"),
    "table": ("#1e293b", "#94a3b8"),
    "tool": ("#1e293b", "#94a3b8"),
}
SHAPES = {"api": "box", "table": "box", "tool": "ellipse"}


def lineage_view(graph: LineageGraph, *, key: str) -> LineageNode | None:
    """Draw a graph; the node that was clicked, if any."""
    clicked = graph_frame(
        graph_data(graph, is_dark=st.context.theme.type == "dark"),
        height=ROW_PX * max(len(column) for column in _columns(graph).values()),
        key=key,
    )
    return next((node for node in graph.nodes if node.id == clicked), None)


def graph_data(graph: LineageGraph, *, is_dark: bool) -> dict[str, list[dict[str, Any]]]:
    """Nodes and edges as the frame draws them."""
    colors = DARK if is_dark else LIGHT
    text, line = ("#e2e8f0", "#94a3b8") if is_dark else ("#1f2937", "#64748b")
    nodes = [
        _node(node, (distance * COLUMN_PX, (row - (len(column) - 1) / 2) * ROW_PX), colors, text)
        for distance, column in _columns(graph).items()
        for row, node in enumerate(column)
    ]
    edges = [
        streamlit_agraph.Edge(edge.source, edge.target, color=line).to_dict()
        for edge in graph.edges
    ]
    return {"nodes": nodes, "edges": edges}


def _columns(graph: LineageGraph) -> Mapping[int, list[LineageNode]]:
    columns: defaultdict[int, list[LineageNode]] = defaultdict(list)
    for node in graph.nodes:
        columns[node.distance].append(node)
    return columns


def _node(node: LineageNode, at: tuple[float, float], colors: Colors, text: str) -> dict[str, Any]:
    fill, border = colors[node.logic_type or node.kind]
    drawn = streamlit_agraph.Node(
        node.id,
        label=node.name if node.is_active else f"{node.name}\n(off)",
        shape=SHAPES[node.kind],
        color={
            "background": fill,
            "border": border,
            "highlight": {"background": fill, "border": border},
        },
        font={"face": FONT, "color": text, "size": 15},
        borderWidth=3 if node.distance == 0 else 1.5,
        borderWidthSelected=3,
        margin=9,
        x=at[0],
        y=at[1],
    )
    drawn.title = ""
    return dict(drawn.to_dict())

"""The graph of a run, coloured by how each step ended; a click chooses a step."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import streamlit as st
import streamlit_agraph

from pages.components.graph_frame import FONT, graph_frame
from pages.components.result_view import duration
from pages.components.workflow.layout import layered, layers_of

ROW_PX = 78

Colors = Mapping[str, tuple[str, str]]
"""Fill and border by status."""

LIGHT: Colors = {
    "success": ("#dcfce7", "#15803d"),
    "failed": ("#fee2e2", "#b91c1c"),
    "handled": ("#ffedd5", "#c2410c"),
    "skipped": ("#f1f5f9", "#64748b"),
    "waiting": ("#ffffff", "#94a3b8"),
    "running": ("#dbeafe", "#1d4ed8"),
    "pinned": ("#ede9fe", "#6d28d9"),
}
DARK: Colors = {
    "success": ("#14351f", "#4ade80"),
    "failed": ("#431a1a", "#f87171"),
    "handled": ("#40250f", "#fb923c"),
    "skipped": ("#1e293b", "#94a3b8"),
    "waiting": ("#0f172a", "#64748b"),
    "running": ("#172f5c", "#60a5fa"),
    "pinned": ("#2b2150", "#a78bfa"),
}
_WITHOUT_TIME = frozenset({"skipped", "waiting", "running", "pinned"})


class Shown(Protocol):
    """What the graph draws of a step, over or not."""

    @property
    def node_id(self) -> str:
        """Its name."""
        ...

    @property
    def status(self) -> str:
        """One of the colours' keys."""
        ...

    @property
    def duration_ms(self) -> float:
        """How long it took, as far as it has ended."""
        ...


def run_graph(steps: Sequence[Shown], pairs: Sequence[tuple[str, str]], *, key: str) -> str | None:
    """Draw the steps and who waited for whom; the step that was clicked, if any."""
    is_dark = st.context.theme.type == "dark"
    names = [step.node_id for step in steps]
    known = [pair for pair in pairs if set(pair) <= set(names)]
    tallest = max(len(layer) for layer in layers_of(names, known))
    clicked = graph_frame(
        graph_data(steps, known, is_dark=is_dark), height=ROW_PX * tallest, key=key
    )
    return clicked if clicked in names else None


def graph_data(
    steps: Sequence[Shown], pairs: Sequence[tuple[str, str]], *, is_dark: bool
) -> dict[str, list[dict[str, Any]]]:
    """Nodes and edges as the frame draws them."""
    places = layered([step.node_id for step in steps], pairs)
    colors = DARK if is_dark else LIGHT
    text, line = ("#e2e8f0", "#94a3b8") if is_dark else ("#1f2937", "#64748b")
    nodes = [_node(step, places[step.node_id], colors[step.status], text) for step in steps]
    edges = [
        streamlit_agraph.Edge(source, target, color=line).to_dict() for source, target in pairs
    ]
    return {"nodes": nodes, "edges": edges}


def _node(
    step: Shown, at: tuple[float, float], colors: tuple[str, str], text: str
) -> dict[str, Any]:
    fill, border = colors
    node = streamlit_agraph.Node(
        step.node_id,
        label=f"{step.node_id}\n{_words(step)}",
        shape="box",
        color={
            "background": fill,
            "border": border,
            "highlight": {"background": fill, "border": border},
        },
        font={"face": FONT, "color": text, "size": 15},
        borderWidth=1.5,
        borderWidthSelected=3,
        margin=9,
        x=at[0] * 0.8,
        y=at[1] * 0.8,
    )
    node.title = ""
    return dict(node.to_dict())


def _words(step: Shown) -> str:
    if step.status in _WITHOUT_TIME:
        return step.status
    return f"{step.status} · {duration(step.duration_ms)}"

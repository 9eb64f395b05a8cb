"""The steps of a job as a graph that shows where it is."""

from dataclasses import dataclass

import streamlit as st

from engine.model.job import Job, NodeProgress
from pages.components.navigation import open_run
from pages.components.workflow.run_graph import run_graph
from pages.components.workflow.tree import Tree, drawn_edges, links


@dataclass(frozen=True)
class _Drawn:
    node_id: str
    status: str
    duration_ms: float


def job_graph(job: Job, tree: Tree | None) -> None:
    """Draw the steps, and below them the one that was clicked or that failed."""
    waits = links(tree) if tree else []
    pairs = [*drawn_edges(tree), *(link[:2] for link in waits)] if tree else []
    steps = [
        _Drawn(node.node_id, "pinned" if node.pinned else node.state, node.duration_ms)
        for node in job.nodes
    ]
    clicked = run_graph(steps, list(dict.fromkeys(pairs)), key=f"job-graph-{job.id}")
    by_name = {node.node_id: node for node in job.nodes}
    if clicked:
        _node(by_name[clicked])
    failed = next((node for node in job.nodes if node.state == "failed"), None)
    if failed is not None and not clicked:
        _node(failed)


def _node(node: NodeProgress) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pinned = " · pinned" if node.pinned else ""
        st.markdown(f"**{node.node_id}** · {node.state}{pinned}")
        if node.execution_id is not None and st.button(
            "In the log", icon=":material/history:", type="tertiary", key=f"log-{node.node_id}"
        ):
            open_run(node.execution_id)
    if node.message:
        st.caption(node.message)

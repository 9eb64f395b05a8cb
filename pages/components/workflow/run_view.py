"""How a workflow's run went: its graph, its timeline, and each step in full."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import streamlit as st

from engine.model import Caller, ExecutionRecord, ExecutionResult, Step
from pages.components.colors import STEP_COLORS
from pages.components.errors import error_block
from pages.components.navigation import open_run
from pages.components.result_view import (
    counted,
    duration,
    outcome_line,
    record_answer,
    result_details,
)
from pages.components.timeline import Stretch, timeline
from pages.components.workflow.answers import records_of
from pages.components.workflow.run_graph import run_graph
from pages.components.workflow.tree import Tree, drawn_edges, links

HEX = {"success": "#16a34a", "failed": "#dc2626", "handled": "#ea580c"}


def workflow_result(
    result: ExecutionResult, tree: Tree | None, caller: Caller, *, key: str
) -> None:
    """The outcome of a workflow that was just run: how its steps went, and its answer."""
    st.markdown(outcome_line(result))
    steps, answer = st.tabs(["Steps", "Answer"])
    with steps:
        run_view(result.execution_id, result.steps, tree, caller, key=f"{key}-steps")
    with answer:
        result_details(result, key=key)


def run_view(
    execution_id: UUID, steps: Sequence[Step], tree: Tree | None, caller: Caller, *, key: str
) -> None:
    """Graph and timeline of a run, and below them the step that was clicked.

    Args:
        tree: The workflow that ran, for who waits for whom; without it the steps stand alone.
    """
    waits = links(tree) if tree else []
    pairs = [*drawn_edges(tree), *(link[:2] for link in waits)] if tree else []
    clicked = run_graph(steps, list(dict.fromkeys(pairs)), key=f"{key}-graph")
    run_timeline(steps, key=f"{key}-timeline")
    by_name = {step.node_id: step for step in steps}
    chosen = clicked or _worth_a_look(steps)
    st.caption("A click on a step of the graph shows it here.")
    record = records_of(execution_id, steps, caller).get(chosen)
    step_view(by_name[chosen], record, key=f"{key}-{chosen}")


def run_timeline(steps: Sequence[Step], *, key: str) -> None:
    """When each step ran, as bars."""
    ran = [step for step in steps if step.status != "skipped" and step.note != "pinned"]
    if not ran:
        st.caption("No step ran.")
        return
    stretches = [
        Stretch(
            step.node_id, step.started_ms, max(step.duration_ms, 0.5), step.status, _hover(step)
        )
        for step in ran
    ]
    axis: Mapping[str, object] = {"ticksuffix": " ms", "rangemode": "tozero"}
    timeline(stretches, colors=HEX, x_axis=axis, key=key, alt="When each step ran")


def step_view(step: Step, record: ExecutionRecord | None, *, key: str) -> None:
    """One step: a line, its error, its answer and the way to its row in the log."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(step_line(step))
        if step.execution_id is not None and st.button(
            "In the log", icon=":material/history:", type="tertiary", key=f"{key}-log"
        ):
            open_run(step.execution_id)
    if step.note:
        st.caption(step.note)
    if step.error is not None:
        error_block(step.error)
    elif record is not None and record.response_data:
        record_answer(record, key=f"{key}-answer")


def step_line(step: Step) -> str:
    """`score · success · 20 rows · 18 ms`, as Markdown."""
    parts = [
        f"**{step.node_id}**",
        f":{STEP_COLORS[step.status]}[**{step.status}**]",
        counted(step.row_count, "row") if step.row_count is not None else "",
        duration(step.duration_ms) if step.status != "skipped" else "",
        f"{step.attempts} attempts" if step.attempts > 1 else "",
    ]
    return " · ".join(part for part in parts if part)


def _worth_a_look(steps: Sequence[Step]) -> str:
    failed = [step.node_id for step in steps if step.status == "failed"]
    return failed[0] if failed else steps[-1].node_id


def _hover(step: Step) -> str:
    return f"{step.node_id}: {step.status}, {duration(step.duration_ms)}"

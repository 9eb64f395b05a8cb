"""The form of a workflow as a whole, shown while no step is chosen: its answer, its order."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.executor_workflow.model import DEFAULT_PARALLEL, MAX_PARALLEL
from engine.model import ParamSpec
from pages.build.workflow.value_widgets import templated, within
from pages.components.workflow.offers import answer_offers
from pages.components.workflow.tree import Tree

MODES = {None: "by its edges", "parallel": "side by side", "sequential": "one at a time"}


def whole_form(
    tree: Tree, params: Mapping[str, ParamSpec], answers: Mapping[str, Any], *, key: str
) -> Tree:
    """Draw the form; the tree with what it says."""
    st.caption("Choose a step on the canvas to change what it does.")
    output = templated(
        "Answer",
        tree.get("output"),
        answer_offers(tree, params, answers),
        about="Left out, the answer is what the last step gives.",
        key=f"{key}-output",
    )
    mode = st.selectbox(
        "Steps run",
        list(MODES),
        index=list(MODES).index(tree.get("mode")) if tree.get("mode") in MODES else 0,
        format_func=lambda each: MODES[each],
        help="By its edges: those that do not wait for each other run side by side; without "
        "edges one at a time, as listed.",
        key=f"{key}-mode",
    )
    fields = {"output": output, "mode": mode, "max_parallel": _parallel(tree, mode, key)}
    unset = {name for name, value in fields.items() if value is None}
    kept = {name: value for name, value in tree.items() if name not in unset or value is None}
    return {**kept, **{name: value for name, value in fields.items() if value is not None}}


def _parallel(tree: Tree, mode: str | None, key: str) -> Any:
    written = tree.get("max_parallel")
    if mode == "sequential":
        return written
    chosen = st.number_input(
        "At most side by side",
        min_value=1,
        max_value=MAX_PARALLEL,
        value=within(written, 1, MAX_PARALLEL) or DEFAULT_PARALLEL,
        key=f"{key}-parallel",
    )
    return chosen if written is not None or chosen != DEFAULT_PARALLEL else None

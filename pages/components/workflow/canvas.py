"""The drawing board of a workflow, in the browser; what is drawn arrives at the desk by itself."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from engine.model import ApiDefinition, Issue
from pages.components.editors.asset_component import asset_component
from pages.components.workflow.desk import Asked, WorkflowDesk
from pages.components.workflow.drawing import graph_of, marks_of

_mount = asset_component("workflow-canvas")

HEIGHT_PX = 460


def canvas(
    desk: WorkflowDesk,
    *,
    key: str,
    label: str,
    rev: int,
    palette: Sequence[ApiDefinition],
    is_whole: bool,
    types: Mapping[str, str],
    issues: Sequence[Issue],
    states: Mapping[str, Mapping[str, Any]],
    around: str,
) -> None:
    """Draw the desk's tree, which must be drawable.

    Args:
        rev: Raised by whoever replaces the drawing; until then the author's drawing wins.
        palette: The APIs to add steps of; `is_whole` when there are no others, else those that
            match `desk.wanted`, which the browser asks for.
        types: The logic types of APIs that steps call, by how the steps name them.
        states: How steps fared: `{"state": …, "ms": …}` by id.
        around: The key of the fragment that shows what the canvas changes.
    """
    if desk.tree is None:
        return
    _mount(
        key=key,
        data={
            "rev": rev,
            "graph": graph_of(desk.tree, desk.positions),
            "palette": [_choice(api) for api in palette],
            "wanted": None if is_whole else desk.wanted,
            "types": dict(types),
            "status": dict(states),
            "marks": marks_of(desk.tree, issues),
            "pinned": list(desk.pinned),
            "selected": desk.selected,
            "height": HEIGHT_PX,
            "label": label,
        },
        on_graph_change=partial(_take_graph, key, desk, rev, around),
        on_wanted_change=partial(_take_wanted, key, desk, around),
        on_selected_change=partial(_take_selection, key, desk, around),
        on_open_change=partial(_open, key, desk, around),
        on_run_change=partial(_take_wish, desk, "run", around),
        on_save_change=partial(_take_wish, desk, "save", around),
        on_tidy_change=partial(_tidy, desk, around),
    )


def _choice(api: ApiDefinition) -> dict[str, str]:
    return {"name": api.api_name, "type": api.logic_type, "description": api.description}


def _take_graph(key: str, desk: WorkflowDesk, rev: int, around: str) -> None:
    desk.take_drawing(st.session_state[key]["graph"], rev)
    st.rerun(around)


def _take_selection(key: str, desk: WorkflowDesk, around: str) -> None:
    desk.selected = st.session_state[key]["selected"]
    st.rerun(around)


def _take_wanted(key: str, desk: WorkflowDesk, around: str) -> None:
    desk.wanted = st.session_state[key]["wanted"]
    st.rerun(around)


def _open(key: str, desk: WorkflowDesk, around: str) -> None:
    desk.select(st.session_state[key]["open"])
    st.rerun(around)


def _take_wish(desk: WorkflowDesk, wish: Asked, around: str) -> None:
    desk.asked = wish
    st.rerun(around)


def _tidy(desk: WorkflowDesk, around: str) -> None:
    desk.tidy()
    st.rerun(around)

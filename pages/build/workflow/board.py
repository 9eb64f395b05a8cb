"""The canvas of the bench; while a test runs it looks twice a second how the steps get on."""

from collections.abc import Sequence

import streamlit as st

from engine.model import Issue
from pages.build.workflow.apis import CallableApis
from pages.components.state import WorkingCopy
from pages.components.workflow.canvas import canvas
from pages.components.workflow.desk import WorkflowDesk
from pages.components.workflow.drawing import states_of

POLL_S = 0.5


def board(
    work: WorkingCopy,
    desk: WorkflowDesk,
    *,
    key: str,
    label: str,
    apis: CallableApis,
    issues: Sequence[Issue],
    around: str,
) -> None:
    """Draw the canvas, or say why there is none."""
    if desk.tree is None:
        st.warning(
            "The JSON cannot be drawn: it needs a list of nodes, each with an id of its own.",
            icon=":material/data_object:",
        )
        return
    poll_s = POLL_S if desk.run else None

    @st.fragment(run_every=poll_s)
    def drawn() -> None:
        if desk.run and not desk.run.is_running:
            st.rerun()
        last = work.result[0].steps if work.result else ()
        canvas(
            desk,
            key=key,
            label=label,
            rev=work.rev + desk.revs["canvas"],
            palette=apis.offered,
            is_whole=apis.is_whole,
            types=_types(desk, apis),
            issues=issues,
            states=desk.run.states if desk.run else states_of(last),
            around=around,
        )
        if desk.run:
            st.caption(f":material/progress_activity: {desk.run.words()}")

    drawn()


def _types(desk: WorkflowDesk, apis: CallableApis) -> dict[str, str]:
    """The logic types of the APIs that the steps call, as far as there are such."""
    called = {node.get("api_id") for node in (desk.tree or {}).get("nodes", ())}
    found = {ref: apis.find(ref) for ref in called if isinstance(ref, str)}
    return {ref: api.logic_type for ref, api in found.items() if api is not None}

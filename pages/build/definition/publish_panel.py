"""What stands behind the Publish button: what changes, whom it breaks, what recent calls say."""

from copy import deepcopy

import streamlit as st

from engine.model import ApiDefinition, Caller
from pages.build.definition import working_copy
from pages.components.context import engine
from pages.components.diff_view import diff_view
from pages.components.errors import errors_shown, issue_list
from pages.components.gate_view import gate_view
from pages.components.state import WorkingCopy


def publish_panel(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> bool:
    """Draw it; whether the author says that changed answers are meant."""
    st.markdown(f"This becomes version {api.version + 1}, live at once.")
    if not api.version:
        return False
    with errors_shown():
        diff_view(working_copy.changes(api, work))
    if st.button(
        "Check against recent calls",
        icon=":material/published_with_changes:",
        key="replay-calls",
        help="Makes the last distinct calls again, on what is live and on this draft, and names "
        "what relies on what would be taken away.",
    ):
        with errors_shown(), st.spinner("Replaying recent calls"):
            preview = engine().apis.preview(str(api.id), caller, work.fields)
            work.preview = (preview, deepcopy(work.fields))
    if work.preview is not None and work.preview[1] == work.fields:
        found = work.preview[0]
        issue_list(found.breaking)
        if found.gate is not None:
            gate_view(found.gate, key=f"gate-{api.id}")
    if api.runtime_policy.publish_gate.mode != "block":
        return False
    return st.checkbox(
        "Changed answers are meant",
        key=f"accept-{work.key}",
        help="The publish gate of this API refuses a version on which recent calls fail or answer "
        "otherwise, unless its author says so. That is recorded.",
    )

"""Edits an API: definition on the left, live result on the right, nothing live until published."""

import streamlit as st

from engine.model import ApiDefinition, Caller
from pages.build.definition import drafts, working_copy
from pages.build.definition.code_bench import code_bench
from pages.build.workflow.bench import workflow_bench
from pages.components.errors import errors_shown

FRAGMENT = "edit"


@st.fragment(key=FRAGMENT)
@errors_shown()
def edit_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the workbench of the API's type."""
    if reason := drafts.unshowable(api, caller):
        drafts.discard_notice(api, reason, caller)
        return
    work = working_copy.working_copy(api, caller)
    if work.fields["logic_type"] == "workflow":
        workflow_bench(api, work, caller, around=FRAGMENT)
    else:
        code_bench(api, work, caller)

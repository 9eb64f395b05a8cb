"""Offers to keep a run of the log as a test case of its API."""

import streamlit as st

from engine.auth import may
from engine.model import Caller, ExecutionRecord
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import open_api, say


def keep_as_test(record: ExecutionRecord, caller: Caller) -> None:
    """A button, for who may write test cases, on runs of an API."""
    if record.api_id is None or not may(caller, "apis:write"):
        return
    if st.button("Keep as test case", icon=":material/fact_check:", key="keep-as-test"):
        keep_dialog(record, caller)


@st.dialog("Keep as test case", icon=":material/fact_check:")
@errors_shown()
def keep_dialog(record: ExecutionRecord, caller: Caller) -> None:
    """Ask for a name, and keep the run."""
    st.markdown(
        f"The same inputs are sent to **{record.api_name}**, and the answer has to be like this "
        "one: its outcome, columns, number of rows, and the first values. All of it can be changed "
        "afterwards."
    )
    name = st.text_input("Name", value=f"run of {record.created_at:%Y-%m-%d}", key="kept-name")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", type="primary", key="keep-now"):
            case = engine().tests.keep(record.id, name or "", caller)
            say(f"Kept as the test case {case.name}")
            open_api(record.api_name, "Tests")

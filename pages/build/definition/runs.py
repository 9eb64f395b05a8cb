"""The latest runs of one API."""

import streamlit as st

from engine.model import ApiDefinition, Caller, ExecutionQuery
from pages.components.context import engine
from pages.components.navigation import RUNS_PAGE, compare_link
from pages.components.runs_table import runs_table
from pages.components.state import URL

SHOWN = 20


def runs_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the table, or say how to get a first row."""
    found = engine().logs.search(ExecutionQuery(api_id=api.id, limit=SHOWN), caller)
    if not found.total:
        st.info(
            "Nobody has called it yet. **Run** does, and so does the curl line in **Overview**.",
            icon=":material/history:",
        )
        return
    runs_table(found.items, key="api-runs", with_api=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"The latest {len(found.items)} of {found.total}.")
        st.page_link(
            RUNS_PAGE,
            label="All runs of this API",
            icon=":material/arrow_forward:",
            query_params={URL.of_api: api.api_name},
        )
        compare_link(found.items[0].id, "Make the latest run again and compare")

"""Trying a tool as an agent would, and who called it."""

import json

import pandas as pd
import streamlit as st

from engine.errors import BadRequestError
from engine.model import Caller
from engine.snippets import example_params
from engine.tools import ToolView
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import open_run


def try_tab(view: ToolView, caller: Caller) -> None:
    """Send arguments as JSON and show exactly what an agent is given."""
    api = engine().apis.get(view.tool.api_name, caller)
    example = json.dumps(example_params(api.param_schema), indent=2)
    with st.form("try-tool", border=False):
        text = st.text_area("Arguments", value=example, height=160, key=f"try-{view.tool.id}")
        with st.container(horizontal=True, vertical_alignment="center"):
            sent = st.form_submit_button("Call", type="primary", key="call-tool")
            dry_run = st.checkbox("Only say what it would do", key="call-tool-dry")
    if not sent:
        return
    with errors_shown():
        outcome = engine().tools.call(
            view.tool.name, _arguments(text or ""), caller, door="ui", dry_run=dry_run
        )
        told = outcome.answer
        if outcome.is_error:
            st.error(told.text, icon=":material/error:")
            return
        cut = f", cut from {told.chars:,}" if told.truncated else ""
        st.caption(f"{len(told.text):,} characters{cut}")
        st.code(told.text, "json" if told.data is not None else None, wrap_lines=True, height=420)


def calls_tab(view: ToolView, caller: Caller) -> None:
    """Draw the latest calls, each with the way to its run."""
    page = engine().tools.calls(view.tool.name, caller, limit=100)
    if not page.items:
        st.info("Nobody called it yet.", icon=":material/history:")
        return
    rows = [
        (
            call.created_at,
            [call.status],
            call.called_by,
            "dry run" if call.dry_run else call.door,
            call.error_type or "",
            call.duration_ms,
            call.chars,
            "yes" if call.truncated else "",
            "Open" if call.execution_id else "",
        )
        for call in page.items
    ]
    columns = ["When", "Status", "By", "Through", "Error", "Took", "Characters", "Cut", "Run"]
    st.dataframe(
        pd.DataFrame(rows, columns=columns),
        key="tool-calls",
        hide_index=True,
        height="content",
        alt="Calls",
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            "Status": st.column_config.MultiselectColumn(
                options=["success", "fail", "timeout", "rejected"],
                color=["green", "red", "orange", "violet"],
            ),
            "Took": st.column_config.NumberColumn(format="%.0f ms"),
            "Run": st.column_config.ButtonColumn("Run", type="tertiary", key="open-call"),
        },
    )
    if page.total > len(page.items):
        st.caption(f"The latest {len(page.items)} of {page.total:,}.")
    if opened := st.session_state.get("open-call"):
        execution_id = page.items[opened.row].execution_id
        if execution_id is not None:
            open_run(execution_id)


def _arguments(text: str) -> dict[str, object]:
    try:
        value = json.loads(text or "{}")
    except ValueError as error:
        raise BadRequestError(f"the arguments are not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRequestError("arguments are an object: names with values, in braces")
    return value

"""The execution log as a filtered, paged list."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import streamlit as st

from engine.model import ApiQuery, Caller, ExecutionQuery, ExecutionSource
from pages.components.context import engine
from pages.components.runs_table import STATUSES, runs_table
from pages.components.state import URL
from pages.operate.run_span import span_filter

PAGE_SIZE = 50
WINDOWS = {
    "1 h": timedelta(hours=1),
    "24 h": timedelta(days=1),
    "7 d": timedelta(days=7),
    "all": None,
}


def run_list(caller: Caller) -> None:
    """Draw filters, table and pages."""
    query = _filters(caller)
    slot, pager = st.container(), st.container(horizontal=True, vertical_alignment="center")
    total = engine().logs.search(query.model_copy(update={"limit": 1}), caller).total
    number = 1
    with pager:
        if total > PAGE_SIZE:
            number = st.pagination(-(-total // PAGE_SIZE), key=URL.runs_page, bind="query-params")
        st.caption(f"{total:,} runs, times in UTC" if total else "")
    page = query.model_copy(update={"limit": PAGE_SIZE, "offset": (number - 1) * PAGE_SIZE})
    with slot:
        if total:
            runs_table(engine().logs.search(page, caller).items, key="runs")
        else:
            st.info(
                "No run matches. Clear a filter, widen the time, or run an API.",
                icon=":material/history:",
            )


def _filters(caller: Caller) -> ExecutionQuery:
    names = {
        each.api_name: each.id for each in engine().apis.search(ApiQuery(limit=500), caller).items
    }
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        status = st.pills("Status", STATUSES, key=URL.outcome, bind="query-params")
        window = st.segmented_control(
            "Since",
            list(WINDOWS),
            default="24 h",
            required=True,
            key=URL.since,
            bind="query-params",
        )
        api = st.selectbox(
            "API",
            list(names),
            index=None,
            placeholder="any",
            key=URL.of_api,
            bind="query-params",
            width=170,
        )
        source = st.selectbox(
            "Source",
            get_args(ExecutionSource),
            index=None,
            placeholder="any",
            key=URL.source,
            bind="query-params",
            width=120,
        )
        error = st.text_input(
            "Error contains",
            key=URL.error,
            type="search",
            live=True,
            placeholder="text",
            bind="query-params",
            width=170,
        )
    back = WINDOWS[window or "24 h"]
    begin, end = span_filter() or (datetime.now(UTC) - back if back else None, None)
    return ExecutionQuery(
        status=status,
        source=source,
        api_id=names.get(api) if api else None,
        since=begin,
        until=end,
        error_contains=error or None,
    )

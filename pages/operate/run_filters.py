"""The filters of the execution log, each in the URL."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from urllib.parse import parse_qsl

import streamlit as st

from engine.errors import error_codes
from engine.model import Caller, ExecutionQuery, ExecutionSource
from pages.components.context import engine
from pages.components.listing import choice_of, filter_row, search_box
from pages.components.runs_table import STATUSES
from pages.components.state import URL
from pages.operate.run_span import span_filter

WINDOWS = {
    "1 h": timedelta(hours=1),
    "24 h": timedelta(days=1),
    "7 d": timedelta(days=7),
    "all": None,
}
FIELD_PX = 140


def run_filters(caller: Caller) -> ExecutionQuery:
    """Draw the filters; what they ask of the log."""
    names = engine().apis.names(caller)
    with filter_row():
        status = st.pills(
            "Status",
            STATUSES,
            key=URL.outcome,
            bind="query-params",
            label_visibility="collapsed",
        )
        window = st.segmented_control(
            "Since",
            list(WINDOWS),
            default="24 h",
            required=True,
            key=URL.since,
            bind="query-params",
            label_visibility="collapsed",
        )
        span = span_filter()
        api = choice_of("API", list(names), URL.of_api, placeholder="any API", width=FIELD_PX)
        error = search_box(URL.error, "Error contains", label="Error contains", width=FIELD_PX)
        with st.popover(_more_label(), icon=":material/filter_alt:"):
            particulars = _particulars()
    back = WINDOWS[window or "24 h"]
    begin, end = span or (datetime.now(UTC) - back if back else None, None)
    return particulars.model_copy(
        update={
            "status": status,
            "api_id": names.get(api) if api else None,
            "since": begin,
            "until": end,
            "error_contains": error or None,
        }
    )


def _particulars() -> ExecutionQuery:
    """What is asked for less often."""
    source = st.selectbox(
        "Source",
        get_args(ExecutionSource),
        index=None,
        placeholder="any source",
        key=URL.source,
        bind="query-params",
    )
    cause = st.selectbox(
        "Cause",
        error_codes(),
        index=None,
        placeholder="any error",
        key=URL.cause,
        bind="query-params",
    )
    params = st.text_input(
        "Parameters",
        key=URL.params,
        placeholder="origin=JFK&limit=10",
        help="As in a query string; all have to match.",
        bind="query-params",
    )
    left, right = st.columns(2)
    with left:
        least = _milliseconds("From, ms", URL.least_ms)
        caller = st.text_input("Called by", key=URL.executed_by, bind="query-params") or None
    with right:
        most = _milliseconds("Up to, ms", URL.most_ms)
        version = st.number_input(
            "Version", min_value=0, value=None, step=1, key=URL.version, bind="query-params"
        )
    trace = st.text_input("Trace", key=URL.trace, bind="query-params", placeholder="its id")
    return ExecutionQuery(
        source=source,
        error_type=cause,
        params=params_of(params or ""),
        min_duration_ms=least,
        max_duration_ms=most,
        executed_by=caller,
        api_version=version,
        trace_id=trace or None,
    )


def params_of(text: str) -> dict[str, str]:
    """Parameters as a query string has them; a name without a value asks for nothing."""
    return {name.strip(): value.strip() for name, value in parse_qsl(text)}


def _more_label() -> str:
    names = (
        URL.source,
        URL.cause,
        URL.params,
        URL.least_ms,
        URL.most_ms,
        URL.executed_by,
        URL.version,
        URL.trace,
    )
    count = sum(1 for name in names if st.query_params.get(name))
    return f"More · {count}" if count else "More"


def _milliseconds(label: str, key: str) -> float | None:
    return st.number_input(
        label, min_value=0.0, value=None, step=10.0, format="%g", key=key, bind="query-params"
    )

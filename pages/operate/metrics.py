"""How APIs fare over time: calls, durations, rates, errors; window and API stand in the URL."""

from datetime import timedelta

import streamlit as st

from engine.metrics import MetricsQuery
from engine.model import ApiQuery, Caller
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.state import URL
from pages.operate.metrics_cards import cards
from pages.operate.metrics_charts import calls_over_time, durations_over_time, rates_over_time
from pages.operate.metrics_tables import apis_tables, callers_tables, errors_table

WINDOWS = {
    "15 min": timedelta(minutes=15),
    "1 h": timedelta(hours=1),
    "6 h": timedelta(hours=6),
    "24 h": timedelta(days=1),
    "7 d": timedelta(days=7),
    "30 d": timedelta(days=30),
}


def filters(caller: Caller) -> tuple[MetricsQuery, str | None]:
    """The question the controls ask, and the name of the API it is about."""
    names = {
        each.api_name: each.id for each in engine().apis.search(ApiQuery(limit=500), caller).items
    }
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        window = st.segmented_control(
            "The last",
            list(WINDOWS),
            default="1 h",
            required=True,
            key=URL.metrics_window,
            bind="query-params",
        )
        api = st.selectbox(
            "API",
            list(names),
            index=None,
            placeholder="all",
            key=URL.of_api,
            bind="query-params",
            width=260,
        )
    query = MetricsQuery(window=WINDOWS[window or "1 h"])
    return (query.of_api(names[api]), api) if api else (query, None)


@st.fragment(run_every="10s")
@errors_shown()
def board(query: MetricsQuery, api: str | None, caller: Caller) -> None:
    """Everything that is known of the window, renewed by itself."""
    report = engine().metrics.report(query, caller)
    if not report.total.calls:
        st.info(
            "No calls in this time. Run an API, or look further back.", icon=":material/monitoring:"
        )
        return
    cards(report)
    left, right = st.columns(2, gap="large")
    with left:
        calls_over_time(report, api)
        rates_over_time(report, api)
    with right:
        durations_over_time(report, api)
        errors_table(engine().metrics.errors(query, caller), report)
    if api is None:
        apis_tables(query, caller)
    else:
        callers_tables(query, caller)


caller = require_caller()
st.title("Metrics")
query, api = filters(caller)
board(query, api, caller)

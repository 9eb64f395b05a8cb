"""How APIs fare over time: calls, durations, rates, errors; window and API stand in the URL."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from engine.metrics import MetricsQuery
from engine.model import Caller
from engine.releases import releases_of
from engine.slo import SloReport
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.listing import choice_of, filter_row
from pages.components.objectives import objectives_table, reports_of
from pages.components.state import URL
from pages.operate.breaker_panels import breaker_lanes
from pages.operate.metrics_cards import backlog_warning, cards
from pages.operate.metrics_charts import calls_over_time, durations_over_time, rates_over_time
from pages.operate.metrics_releases import releases_table
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
    names = engine().apis.names(caller)
    with filter_row():
        window = st.segmented_control(
            "The last",
            list(WINDOWS),
            default="1 h",
            required=True,
            key=URL.metrics_window,
            bind="query-params",
            label_visibility="collapsed",
        )
        api = choice_of("API", list(names), URL.of_api, placeholder="every API", width=260)
    query = MetricsQuery(window=WINDOWS[window or "1 h"])
    return (query.of_api(names[api]), api) if api else (query, None)


@st.fragment(run_every="10s")
@errors_shown()
def board(query: MetricsQuery, api: str | None, caller: Caller) -> None:
    """Everything that is known of the window, renewed by itself."""
    eng = engine()
    report = eng.metrics.report(query, caller)
    backlog_warning(eng.metrics.journal(caller))
    if not report.total.calls:
        st.info(
            "No calls in this time. Run an API, or look further back.", icon=":material/monitoring:"
        )
        return
    cards(report)
    releases = releases_of(eng.apis, eng.metrics, api, query, caller) if api else ()
    left, right = st.columns(2, gap="large")
    with left:
        calls_over_time(report, api, releases)
        rates_over_time(report, api)
    with right:
        durations_over_time(report, api, releases)
        errors_table(eng.metrics.errors(query, caller), report)
    if api is None:
        apis_tables(query, caller)
    else:
        releases_table(releases)
        callers_tables(query, caller)
    objectives_table(_objectives(api, caller))
    breaker_lanes(report.since, min(report.until, datetime.now(UTC)), caller, api=api)


def _objectives(api: str | None, caller: Caller) -> Sequence[SloReport]:
    if api is None:
        return reports_of(caller)
    report = engine().slos.report(api, caller)
    return [report] if report else []


caller = require_caller()
st.title("Metrics")
query, api = filters(caller)
board(query, api, caller)

"""What is here, whether it is well, and what failed lately."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from engine.model import ExecutionQuery
from pages.components.alerts import firing_alerts
from pages.components.charts import calls_chart
from pages.components.context import engine, require_caller
from pages.components.health import health_line
from pages.components.navigation import API_PAGE, APIS_PAGE, NEW_PAGE, RUNS_PAGE, api_link
from pages.components.objectives import overspent
from pages.components.result_view import counted
from pages.components.runs_table import IN_SHORT, runs_table
from pages.components.state import URL
from pages.components.usage import calls_by_api, total_usage

SHOWN = 8

caller = require_caller()
now = datetime.now(UTC)
day_ago = now - timedelta(hours=24)
apis = engine().apis.names(caller)
usage = engine().logs.summary(day_ago, caller)
total = total_usage(usage)
failed = engine().logs.search(ExecutionQuery(status="fail", since=day_ago, limit=SHOWN), caller)

st.title("Home")
firing_alerts(caller)
overspent(caller)
health_line(engine().health())

cards = st.columns(4)
cards[0].metric("APIs", len(apis), border=True, format="localized")
cards[1].metric("Calls, 24 h", total.calls, border=True, format="localized")
success = total.success_percent
cards[2].metric("Success, 24 h", "no calls" if success is None else f"{success:.1f}%", border=True)
cards[3].metric("Failed, 24 h", failed.total, border=True, format="localized")

left, right = st.columns([2, 3], gap="large")
with left:
    st.subheader("Most called" if usage else "Start here")
    if not apis:
        st.info("There are no APIs yet. **New API** starts one.", icon=":material/api:")
    elif not usage:
        st.caption("No calls in the last 24 hours. Open an API and run it, or copy its curl line.")
    for name, calls in calls_by_api(apis, usage)[:SHOWN]:
        st.page_link(
            API_PAGE,
            label=f"{name} · {counted(calls, 'call')}" if calls else name,
            icon=":material/api:",
            query_params=api_link(name),
        )
    with st.container(horizontal=True):
        st.page_link(APIS_PAGE, label="All APIs", icon=":material/arrow_forward:")
        st.page_link(NEW_PAGE, label="New API", icon=":material/add:")
with right:
    st.subheader("Recent failures")
    if failed.total:
        runs_table(failed.items, key="failures", columns=IN_SHORT)
        st.page_link(
            RUNS_PAGE,
            label=f"All {failed.total} failures",
            icon=":material/arrow_forward:",
            query_params={URL.outcome: "fail"},
        )
    else:
        st.success("Nothing failed in the last 24 hours.", icon=":material/check_circle:")
    if total.calls:
        st.subheader("Calls, 24 h")
        calls_chart(total.series, since=day_ago, until=now, key="calls")

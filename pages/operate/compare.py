"""A run of the log, made again on other definitions or inputs, side by side."""

import streamlit as st

from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown, escaped
from pages.components.navigation import RUNS_PAGE
from pages.components.state import COMPARISONS, URL
from pages.operate.compare_parts import comparison_view, plan_form
from pages.operate.run_detail import as_id

caller = require_caller()
run_id = st.query_params.get(URL.run)
if not run_id:
    st.title("Compare runs")
    st.info("Open a run and choose **Compare**.", icon=":material/compare_arrows:")
    st.page_link(RUNS_PAGE, label="All runs", icon=":material/arrow_back:")
    st.stop()

record = engine().logs.get(as_id(run_id), caller)
api = engine().apis.get(str(record.api_id or record.api_name), caller)
st.page_link(
    RUNS_PAGE, label="The run", icon=":material/arrow_back:", query_params={URL.run: run_id}
)
st.title("Compare runs")
st.markdown(f"**{escaped(api.api_name)}** · {record.created_at:%Y-%m-%d %H:%M:%S} UTC")

plan = plan_form(record, api, caller)
kept = COMPARISONS.get()
if plan is not None:
    kept.pop(run_id, None)
    with errors_shown(), st.spinner("Running both sides"):
        kept[run_id] = engine().reruns.compare(record.id, plan, caller)
if found := kept.get(run_id):
    comparison_view(found, record, api)

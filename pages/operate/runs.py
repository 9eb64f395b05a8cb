"""The execution log: filters that live in the URL, and one run in full."""

import streamlit as st

from pages.components.context import require_caller
from pages.components.state import URL
from pages.operate.run_detail import run_detail
from pages.operate.run_list import run_list

caller = require_caller()
run_id = st.query_params.get(URL.run)

if run_id:
    run_detail(run_id, caller)
else:
    st.title("Runs")
    run_list(caller)

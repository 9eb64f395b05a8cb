"""Durable jobs: a list, and one of them while it runs."""

import streamlit as st

from pages.components.context import require_caller
from pages.components.state import URL
from pages.operate.job_detail import job_detail
from pages.operate.job_list import job_list

caller = require_caller()
job_id = st.query_params.get(URL.job)

if job_id:
    job_detail(job_id, caller)
else:
    st.title("Jobs")
    job_list(caller)

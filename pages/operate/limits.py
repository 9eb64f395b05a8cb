"""Rate limits: who uses how much of them now."""

import streamlit as st

from pages.components.context import require_caller
from pages.operate.limits_table import limits_table

caller = require_caller()
st.title("Rate limits")
st.caption("Calls in the sliding windows of this moment, over all processes that share a state.")
limits_table(caller)

"""The answer cache: how well it does, what it holds, and dropping what it holds."""

import streamlit as st

from pages.components.context import engine, require_caller
from pages.operate.cache_panels import caching_table, counters
from pages.operate.cache_purge import purge

caller = require_caller()
st.title("Cache")
counters(engine().policies.cache_stats(caller))
apis = engine().policies.caching_apis(caller)
if not apis:
    st.info(
        "No published API caches its answers. An API's policy has a tab **Cache**.",
        icon=":material/cached:",
    )
    st.stop()

st.subheader("What is cached")
caching_table(apis)
st.subheader("Drop answers")
purge(apis, caller)

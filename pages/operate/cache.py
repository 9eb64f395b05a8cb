"""The answer cache: how well it does, what it holds, and dropping what it holds."""

import streamlit as st

from pages.components.context import engine, require_caller
from pages.components.state import URL
from pages.operate.cache_panels import caching_table, counters
from pages.operate.cache_purge import purge

PAGE_SIZE = 50

caller = require_caller()
st.title("Cache")
counters(engine().policies.cache_stats(caller))
everything = engine().policies.caching_apis(caller, limit=0).total
if not everything:
    st.info(
        "No published API caches its answers. An API's policy has a tab **Cache**.",
        icon=":material/cached:",
    )
    st.stop()

st.subheader("What is cached")
text = st.text_input(
    "Search",
    key=URL.cached_search,
    type="search",
    live=True,
    placeholder="Name",
    bind="query-params",
    label_visibility="collapsed",
    width=220,
)
slot, number = st.container(), 1
total = engine().policies.caching_apis(caller, q=text or "", limit=0).total
if total > PAGE_SIZE:
    number = st.pagination(-(-total // PAGE_SIZE), key=URL.cached_page, bind="query-params")
found = (
    engine()
    .policies.caching_apis(caller, q=text or "", limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    .items
)
with slot:
    if found:
        caching_table(found)
    else:
        st.info("No API that caches has such a name.", icon=":material/search_off:")
st.caption(f"{total:,} of {everything:,} APIs that cache")
st.subheader("Drop answers")
purge(found, caller)

"""The answer cache: how well it does, what it holds, and dropping what it holds."""

import streamlit as st

from pages.components.context import engine, require_caller
from pages.components.listing import PAGE_SIZE, page_of, search_box
from pages.components.state import URL
from pages.operate.cache_panels import caching_table, counters
from pages.operate.cache_purge import purge

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
text, slot = search_box(URL.cached_search, "Name"), st.container()
found = page_of(
    lambda offset: engine().policies.caching_apis(caller, q=text, limit=PAGE_SIZE, offset=offset),
    URL.cached_page,
)
with slot:
    if found.total:
        caching_table(found.items)
    else:
        st.info("No API that caches has such a name.", icon=":material/search_off:")
st.caption(f"{found.total:,} of {everything:,} APIs that cache")
st.subheader("Drop answers")
purge(found.items, caller)

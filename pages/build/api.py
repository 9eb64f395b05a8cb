"""One API: overview, edit, run, versions, runs, uses; which one and which tab stand in the URL."""

import streamlit as st

from pages.build.api_actions import act
from pages.build.api_table import action_of, menu_of, state_of
from pages.build.definition.edit import edit_tab
from pages.build.definition.overview import overview_tab
from pages.build.definition.run import run_tab
from pages.build.definition.runs import runs_tab
from pages.build.definition.tests import tests_tab
from pages.build.definition.versions import versions_tab
from pages.build.definition.where_used import where_used_tab
from pages.components.colors import STATE_COLORS, TYPE_COLORS
from pages.components.context import engine, require_caller
from pages.components.navigation import APIS_PAGE
from pages.components.state import LAST_API, NEXT_TAB, URL

TABS = {
    "Overview": overview_tab,
    "Edit": edit_tab,
    "Run": run_tab,
    "Tests": tests_tab,
    "Versions": versions_tab,
    "Runs": runs_tab,
    "Where used": where_used_tab,
}

caller = require_caller()
name = st.query_params.get(URL.api) or LAST_API.get()
if not name:
    st.title("API")
    st.info("Choose an API from the list.", icon=":material/api:")
    st.page_link(APIS_PAGE, label="All APIs", icon=":material/arrow_back:")
    st.stop()

api = engine().apis.get(name, caller)
LAST_API.put(api.api_name)
st.query_params[URL.api] = api.api_name
if tab := NEXT_TAB.take():
    st.session_state[URL.tab] = tab

with st.container(horizontal=True, vertical_alignment="center"):
    st.page_link(APIS_PAGE, label="All APIs", icon=":material/arrow_back:")
    st.space("stretch")
    chosen = st.menu_button(
        "Actions", [each for each in menu_of(api) if "Open" not in each], key="api-actions"
    )
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title(api.api_name, width="content")
    st.badge(api.logic_type, color=TYPE_COLORS[api.logic_type])
    st.badge(state_of(api), color=STATE_COLORS[state_of(api)])
    if api.version:
        st.badge(f"version {api.version}", color="gray")
    for tag in api.tags:
        st.badge(tag, color="gray", icon=":material/sell:")
if api.description:
    st.markdown(api.description)

tabs = st.tabs(list(TABS), key=URL.tab, bind="query-params", on_change="rerun")
for part, draw in zip(tabs, TABS.values(), strict=True):
    if part.open:
        with part:
            draw(api, caller)

if chosen:
    act(action_of(chosen), api, caller)

"""One asset: overview, edit, versions; which one and which tab stand in the URL."""

import streamlit as st

from engine.auth import may
from engine.model import Caller
from engine.model.asset import Asset
from pages.build.asset.edit import edit_tab
from pages.build.asset.overview import overview_tab
from pages.build.asset.table import TYPE_COLORS, state_of
from pages.build.asset.versions import versions_tab
from pages.components.colors import STATE_COLORS
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import ASSETS_PAGE, go, say
from pages.components.state import NEXT_TAB, URL

TABS = {"Overview": overview_tab, "Edit": edit_tab, "Versions": versions_tab}


@st.dialog("Delete this asset?", icon=":material/delete:")
@errors_shown()
def confirm_delete(asset: Asset, caller: Caller) -> None:
    """Name what will be lost, and delete when that is confirmed."""
    plural = "s" * (asset.version != 1)
    st.markdown(
        f"**{asset.name}** with its {asset.version} version{plural}, its labels and its draft will "
        "be gone. What is used is not deleted: the users are named."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Delete", type="primary", icon=":material/delete:", key="delete-asset-now"):
            engine().assets.delete(asset.name, caller)
            say(f"{asset.name} was deleted")
            go(ASSETS_PAGE)


caller = require_caller()
name = st.query_params.get(URL.asset)
if not name:
    st.title("Asset")
    st.info("Choose an asset from the list.", icon=":material/inventory_2:")
    st.page_link(ASSETS_PAGE, label="All assets", icon=":material/arrow_back:")
    st.stop()

asset = engine().assets.get(name, caller)
if tab := NEXT_TAB.take():
    st.session_state[URL.asset_tab] = tab

with st.container(horizontal=True, vertical_alignment="center"):
    st.page_link(ASSETS_PAGE, label="All assets", icon=":material/arrow_back:")
    st.space("stretch")
    if may(caller, "assets:write") and st.button(
        "Delete", icon=":material/delete:", key="delete-asset"
    ):
        confirm_delete(asset, caller)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title(asset.name, width="content")
    st.badge(asset.asset_type, color=TYPE_COLORS[asset.asset_type])
    st.badge(state_of(asset), color=STATE_COLORS[state_of(asset)])
    if asset.version:
        st.badge(f"version {asset.version}", color="gray")
    for tag in asset.tags:
        st.badge(tag, color="gray", icon=":material/sell:")
if asset.description:
    st.markdown(asset.description)

tabs = st.tabs(list(TABS), key=URL.asset_tab, bind="query-params", on_change="rerun")
for part, draw in zip(tabs, TABS.values(), strict=True):
    if part.open:
        with part:
            draw(asset, caller)

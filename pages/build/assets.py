"""The list of assets: search and filters that live in the URL."""

import streamlit as st

from engine.auth import may
from engine.model.asset import AssetQuery
from pages.build.asset.beginning import new_asset_dialog
from pages.build.asset.table import STATES, TYPE_COLORS, TYPES, asset_frame
from pages.components.colors import STATE_COLORS
from pages.components.context import engine, require_caller
from pages.components.listing import (
    PAGE_SIZE,
    WORK_ORDERS,
    choice_of,
    filter_row,
    nothing_matches,
    order_box,
    page_of,
    search_box,
)
from pages.components.navigation import open_asset
from pages.components.state import URL

STATUS = {"all": None, "published": "published", "draft": "draft"}

caller = require_caller()
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Assets", width="content")
    if may(caller, "assets:write") and st.button(
        "New asset", type="primary", icon=":material/add:", key="new-asset"
    ):
        new_asset_dialog(caller)

everything = engine().assets.search(AssetQuery(limit=1), caller).total
if not everything:
    st.info(
        "There are no assets yet. **New asset** keeps what several APIs share in one place: a "
        "policy, a statement, values for templates.",
        icon=":material/inventory_2:",
    )
    st.stop()

with filter_row():
    text = search_box(URL.asset_search, "Name, words, tag", width=210)
    asset_type = st.pills(
        "Type", TYPES, key=URL.asset_type, bind="query-params", label_visibility="collapsed"
    )
    status = st.segmented_control(
        "Status",
        list(STATUS),
        default="all",
        required=True,
        key=URL.asset_status,
        bind="query-params",
        label_visibility="collapsed",
    )
    tags = engine().assets.tags(caller)
    tag = choice_of("Tag", tags, URL.asset_tag, placeholder="any tag", width=120)
    order = order_box(WORK_ORDERS, "asset-sort", width=140)

slot, pager = st.container(), st.container(horizontal=True, vertical_alignment="center")
matching = AssetQuery(
    asset_type=asset_type,
    status=STATUS[status or "all"],
    q=text,
    tag=tag,
    sort=order,
    limit=PAGE_SIZE,
)
with pager:
    page = page_of(
        lambda offset: engine().assets.search(
            matching.model_copy(update={"offset": offset}), caller
        ),
        URL.asset_page,
    )
    st.caption(f"{page.total:,} of {everything:,} assets")
found = page.items
with slot:
    if not found:
        nothing_matches("asset")
    else:
        st.dataframe(
            asset_frame(found),
            key="assets",
            hide_index=True,
            height="content",
            alt="Assets",
            column_config={
                "Name": st.column_config.ButtonColumn(
                    type="tertiary", alignment="left", pinned=True, width=200, key="open-asset"
                ),
                "Type": st.column_config.MultiselectColumn(
                    options=TYPES, color=[TYPE_COLORS[each] for each in TYPES]
                ),
                "Status": st.column_config.MultiselectColumn(
                    options=STATES, color=[STATE_COLORS[each] for each in STATES]
                ),
                "Labels": st.column_config.ListColumn(),
                "Description": st.column_config.TextColumn(width="medium"),
                "Tags": st.column_config.ListColumn(),
                "Updated": st.column_config.DatetimeColumn(format="distance"),
            },
        )
        if opened := st.session_state.get("open-asset"):
            open_asset(found[opened.row].name)

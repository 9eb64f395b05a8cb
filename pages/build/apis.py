"""The list of APIs: search, filters that live in the URL, a menu per row."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from engine.model import ApiQuery
from engine.model.definition import ApiOrder
from pages.build.api_actions import act
from pages.build.api_table import LOGIC_TYPES, STATES, action_of, api_frame
from pages.components.colors import STATE_COLORS, TYPE_COLORS
from pages.components.context import engine, require_caller
from pages.components.listing import (
    PAGE_SIZE,
    choice_of,
    filter_row,
    nothing_matches,
    order_box,
    page_of,
    search_box,
)
from pages.components.navigation import NEW_PAGE, go, open_api
from pages.components.state import URL

STATE_FILTERS: Mapping[str, Mapping[str, bool]] = {
    "all": {},
    "on": {"is_active": True},
    "off": {"is_active": False},
    "edited": {"has_draft": True},
}
ORDERS: Mapping[ApiOrder, str] = {
    "name": "by name",
    "changed": "last changed",
    "type": "by type",
}

caller = require_caller()

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("APIs", width="content")
    if st.button("New API", type="primary", icon=":material/add:", shortcut="N", key="new-api"):
        go(NEW_PAGE)

with filter_row():
    text = search_box(URL.search, "Name, description or tag")
    logic_type = st.pills(
        "Type", LOGIC_TYPES, key=URL.logic_type, bind="query-params", label_visibility="collapsed"
    )
    state = st.segmented_control(
        "Status",
        list(STATE_FILTERS),
        default="all",
        required=True,
        key=URL.activity,
        bind="query-params",
        label_visibility="collapsed",
    )
    tags = engine().apis.tags(caller)
    tag = choice_of("Tag", tags, URL.tag, placeholder="any tag", width=140)
    order = order_box(ORDERS, URL.sort)

slot, pager = st.container(), st.container(horizontal=True, vertical_alignment="center")
matching = ApiQuery(
    logic_type=logic_type,
    q=text,
    tag=tag,
    sort=order,
    limit=PAGE_SIZE,
    **STATE_FILTERS[state or "all"],
)
everything = engine().apis.search(ApiQuery(limit=1), caller).total
with pager:
    page = page_of(
        lambda offset: engine().apis.search(matching.model_copy(update={"offset": offset}), caller),
        URL.page,
    )
    st.caption(f"{page.total:,} of {everything:,} APIs")
found = page.items

with slot:
    if not everything:
        st.info(
            "There are no APIs here yet. **New API** starts one from a query over the sample data.",
            icon=":material/api:",
        )
    elif not found:
        nothing_matches("API")
    else:
        usage = engine().logs.summary(datetime.now(UTC) - timedelta(hours=24), caller)
        st.dataframe(
            api_frame(found, usage, engine().apis.drafted(found, caller)),
            key="apis",
            hide_index=True,
            height="content",
            placeholder="",
            alt="APIs",
            column_config={
                "Name": st.column_config.ButtonColumn(
                    type="tertiary", alignment="left", pinned=True, width=180, key="open-api"
                ),
                "Description": st.column_config.TextColumn(width="medium"),
                "Type": st.column_config.MultiselectColumn(
                    options=LOGIC_TYPES, color=[TYPE_COLORS[each] for each in LOGIC_TYPES]
                ),
                "Status": st.column_config.MultiselectColumn(
                    options=STATES, color=[STATE_COLORS[each] for each in STATES]
                ),
                "Tags": st.column_config.ListColumn(),
                "Calls": st.column_config.NumberColumn(format="compact", help="In 24 hours"),
                "Success": st.column_config.ProgressColumn(
                    format="%.1f%%", min_value=0, max_value=100, width=130, help="In 24 hours"
                ),
                "p95": st.column_config.NumberColumn(
                    format="%.0f ms", width=90, help="In 24 hours"
                ),
                "24 h": st.column_config.LineChartColumn(y_min=0, width=90, help="Calls"),
                "Updated": st.column_config.DatetimeColumn(format="distance"),
                "Actions": st.column_config.ButtonColumn(
                    "", type="tertiary", pinned=True, width=44, key="api-menu"
                ),
            },
        )
        if opened := st.session_state.get("open-api"):
            open_api(found[opened.row].api_name)
        if chosen := st.session_state.get("api-menu"):
            act(action_of(chosen.label), found[chosen.row], caller)

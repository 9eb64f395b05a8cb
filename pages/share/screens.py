"""The list of screens."""

import pandas as pd
import streamlit as st

from engine.auth import may
from engine.model.screen import ScreenQuery
from pages.components.context import engine, require_caller
from pages.components.listing import (
    PAGE_SIZE,
    WORK_ORDERS,
    filter_row,
    order_box,
    page_of,
    search_box,
)
from pages.components.navigation import go
from pages.components.result_view import counted
from pages.share.screen_actions import confirm_delete, new_screen

SCREEN_PAGE = "share/screen.py"
EDITOR_PAGE = "share/screen_editor.py"

caller = require_caller()
may_write = may(caller, "screens:write")
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Screens", width="content")
    if may_write and st.button("New screen", type="primary", icon=":material/add:", key="new"):
        new_screen(caller)

with filter_row():
    text = search_box("screens-q", "Title or id", width=280)
    order = order_box(WORK_ORDERS, "screens-sort")
page = page_of(
    lambda offset: engine().screens.search(
        ScreenQuery(q=text, sort=order, limit=PAGE_SIZE, offset=offset), caller
    ),
    "screens-p",
)

if not page.total:
    st.info(
        "No screen matches. Clear the search."
        if text
        else "There are no screens yet. **New screen** puts what APIs answer on a page of its own.",
        icon=":material/dashboard:",
    )
    st.stop()

menu = ["Edit", "Delete…"] if may_write else []
st.dataframe(
    pd.DataFrame(
        {
            "Title": [each.spec.title for each in page.items],
            "Description": [each.spec.description for each in page.items],
            "Blocks": [len(each.spec.blocks) for each in page.items],
            "For": [each.spec.role for each in page.items],
            "Draft": ["edited" if each.draft else "" for each in page.items],
            "Updated": [each.updated_at for each in page.items],
            **{name: [name] * len(page.items) for name in menu},
        }
    ),
    key="screens",
    hide_index=True,
    height="content",
    alt="Screens",
    column_config={
        "Title": st.column_config.ButtonColumn(
            type="tertiary", alignment="left", pinned=True, width=220, key="open-screen"
        ),
        "Description": st.column_config.TextColumn(width="large"),
        "Updated": st.column_config.DatetimeColumn(format="distance"),
        "Edit": st.column_config.ButtonColumn("", type="tertiary", width=64, key="edit-one"),
        "Delete…": st.column_config.ButtonColumn("", type="tertiary", width=80, key="delete-one"),
    },
)
st.caption(counted(page.total, "screen"))
if opened := st.session_state.get("open-screen"):
    go(SCREEN_PAGE, {"id": page.items[opened.row].screen_id})
if edited := st.session_state.get("edit-one"):
    go(EDITOR_PAGE, {"id": page.items[edited.row].screen_id})
if deleted := st.session_state.get("delete-one"):
    confirm_delete(page.items[deleted.row], caller)

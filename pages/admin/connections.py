"""The query targets: which there are, whether they answer, what they hold; added and changed."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from engine.auth import may
from engine.model.listing import ConnectionOrder, ConnectionQuery
from pages.admin.connection_changes import connection_form, delete_dialog, form_dialog, users_of
from pages.build.definition.fields import table_browser
from pages.components.context import engine, require_caller, tables_of
from pages.components.errors import errors_shown
from pages.components.listing import (
    PAGE_SIZE,
    filter_row,
    nothing_matches,
    order_box,
    page_of,
    search_box,
)
from pages.components.state import URL

ORIGINS = {"built_in": "built in", "environment": "environment", "stored": "added here"}
ORDERS: Mapping[ConnectionOrder, str] = {
    "name": "by name",
    "dialect": "by dialect",
    "origin": "by where from",
}

caller = require_caller()
is_admin = may(caller, "connections:write")
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Connections", width="content")
    if is_admin and st.button(
        "Add connection", type="primary", icon=":material/add:", key="add-connection"
    ):
        form_dialog(None, caller)

connections = {each.name: each for each in engine().connections.all(caller)}
if not connections:
    st.info(
        "There are none. A query needs one: a DuckDB file, or a PostgreSQL database by its "
        "`postgresql://` address. An admin adds it here, or the environment names it in "
        "`API_ENGINE_CONNECTION_<NAME>`.",
        icon=":material/database:",
    )
    if is_admin:
        connection_form(None, caller)
    st.stop()

with filter_row():
    text = search_box("connections-q", "Name, dialect, words")
    order = order_box(ORDERS, "connections-sort")
slot = st.container()
found = page_of(
    lambda offset: engine().connections.search(
        ConnectionQuery(q=text, sort=order, limit=PAGE_SIZE, offset=offset), caller
    ),
    "connections-p",
)
with slot:
    if found.total:
        st.dataframe(
            pd.DataFrame(
                [
                    (
                        each.name,
                        each.dialect,
                        ORIGINS[each.origin],
                        users_of(each.name, caller).total,
                        each.description,
                    )
                    for each in found.items
                ],
                columns=["Name", "Dialect", "From", "APIs", "Description"],
            ),
            hide_index=True,
            height="content",
            alt="Connections",
        )
    else:
        nothing_matches("connection")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    name = st.selectbox(
        "Look into", list(connections), key=URL.connection, bind="query-params", width=320
    )
    pinged = st.button("Ping", icon=":material/network_ping:", key="ping")
    if is_admin and connections[name].origin == "stored":
        if st.button("Edit", icon=":material/edit:", key="edit-connection"):
            form_dialog(connections[name], caller)
        if st.button("Delete…", icon=":material/delete:", key="delete-connection"):
            delete_dialog(name, users_of(name, caller), caller)
with errors_shown():
    if pinged:
        engine().connections.ping(name, caller)
        st.success(f"{name} answers.", icon=":material/check_circle:")
    for danger in engine().connections.audit(name, caller):
        st.warning(danger, icon=":material/warning:")
    table_browser(tables_of(name, caller))

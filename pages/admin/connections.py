"""The query targets: which there are, whether they answer, what they hold; added and changed."""

import pandas as pd
import streamlit as st

from engine.auth import may
from pages.admin.connection_changes import connection_form, delete_dialog, form_dialog, users_of
from pages.build.definition.fields import table_browser
from pages.components.context import engine, require_caller, tables_of
from pages.components.errors import errors_shown
from pages.components.state import URL

ORIGINS = {"built_in": "built in", "environment": "environment", "stored": "added here"}

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

used = {name: users_of(name, caller) for name in connections}
st.dataframe(
    pd.DataFrame(
        [
            (each.name, each.dialect, ORIGINS[each.origin], used[name].total, each.description)
            for name, each in connections.items()
        ],
        columns=["Name", "Dialect", "From", "APIs", "Description"],
    ),
    hide_index=True,
    height="content",
    alt="Connections",
)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    name = st.selectbox(
        "Look into", list(connections), key=URL.connection, bind="query-params", width=320
    )
    pinged = st.button("Ping", icon=":material/network_ping:", key="ping")
    if is_admin and connections[name].origin == "stored":
        if st.button("Edit", icon=":material/edit:", key="edit-connection"):
            form_dialog(connections[name], caller)
        if st.button("Delete…", icon=":material/delete:", key="delete-connection"):
            delete_dialog(name, used[name], caller)
with errors_shown():
    if pinged:
        engine().connections.ping(name, caller)
        st.success(f"{name} answers.", icon=":material/check_circle:")
    for danger in engine().connections.audit(name, caller):
        st.warning(danger, icon=":material/warning:")
    table_browser(tables_of(name, caller))

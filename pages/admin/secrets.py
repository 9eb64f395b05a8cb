"""Secrets: which there are, storing and deleting them; nobody can look at a value."""

import pandas as pd
import streamlit as st

from engine.auth import may
from engine.model.listing import ListQuery
from pages.admin.secret_deletion import confirm_delete
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.listing import PAGE_SIZE, nothing_matches, page_of, search_box
from pages.components.navigation import say

FORM_PX = 560

caller = require_caller()
st.title("Secrets")
st.markdown(
    "HTTP APIs use them as `{{secrets.NAME}}`. A value can be replaced and never be shown again."
)


names = engine().secrets.names(caller)
if names:
    text, slot = search_box("secrets-q", "Name"), st.container()
    found = page_of(
        lambda offset: engine().secrets.search(
            ListQuery(q=text, limit=PAGE_SIZE, offset=offset), caller
        ),
        "secrets-p",
    )
    with slot:
        if found.total:
            frame = pd.DataFrame({"Name": found.items})
            st.dataframe(frame, hide_index=True, height="content", alt="Secrets")
        else:
            nothing_matches("secret")
else:
    st.info(
        "There are no secrets yet. Store one below, then write `{{secrets.NAME}}` where an HTTP "
        "API needs it.",
        icon=":material/key:",
    )

if not may(caller, "secrets:write"):
    st.caption("Storing and deleting secrets needs the role admin.")
    st.stop()

with st.container(width=FORM_PX), st.form("put-secret"), errors_shown():
    st.subheader("Store or replace")
    name = st.text_input("Name", max_chars=64, key="secret-name", placeholder="weather_api_key")
    value = st.text_input("Value", type="password", key="secret-value", autocomplete="off")
    if st.form_submit_button("Store", type="primary", key="put-secret-now"):
        engine().secrets.put(name, value, caller)
        del st.session_state["secret-value"], st.session_state["secret-name"]
        say(f"Secret {name} was stored.")
        st.rerun()

if names:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Delete", names, key="secret-to-delete", width=320)
        if st.button("Delete…", icon=":material/delete:", key="delete-secret"):
            confirm_delete(chosen, caller)

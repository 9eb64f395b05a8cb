"""Starts an API as a draft: a name, a type, and an example to change."""

import streamlit as st

from engine.model import LogicType
from pages.build.api_table import LOGIC_TYPES
from pages.build.http.curl import fields_from_curl
from pages.build.sql.beginning import start_visually
from pages.build.starters import STARTERS
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import open_api, say

MEANING = {
    "sql": "A query of a database, with parameters as `:name`",
    "http": "A call of another service",
    "script": "A Python function, run in a sandbox",
    "workflow": "Several APIs, one after another or side by side",
}

VISUAL = "The visual builder"
BEGINNINGS = (VISUAL, "An example")

caller = require_caller()
st.title("New API")
st.markdown("It starts as a draft with a working example. Nothing is live until you publish it.")

with st.container(width=720):
    logic_type: LogicType = (
        st.segmented_control("Type", LOGIC_TYPES, default="sql", required=True, key="new-type")
        or "sql"
    )
    st.markdown(MEANING[logic_type])
    with st.form("new-api-form", border=False):
        name = st.text_input(
            "Name",
            key="new-name",
            placeholder="delays-by-carrier",
            help="Part of the address: lower-case letters, digits, - and _.",
        )
        description = st.text_area(
            "Description", key="new-description", placeholder="What it answers"
        )
        connection, begin = None, BEGINNINGS[1]
        if logic_type == "sql":
            names = [each.name for each in engine().connections.all(caller)]
            connection = st.selectbox("Connection", names, key="new-connection")
            begin = (
                st.radio("Begin with", BEGINNINGS, horizontal=True, key="new-begin")
                or BEGINNINGS[0]
            )
        curl = ""
        if logic_type == "http":
            curl = st.text_area(
                "cURL command",
                key="new-curl",
                placeholder="optional: curl https://api.example.org/items -H 'Accept: …'",
            )
        create = st.form_submit_button(
            "Create draft", type="primary", icon=":material/add:", key="create-draft"
        )

if create:
    with errors_shown():
        fields = {
            **(fields_from_curl(curl) if curl else STARTERS[logic_type]),
            "api_name": name,
            "logic_type": logic_type,
            "description": description,
            "connection": connection,
        }
        api = engine().apis.create(fields, caller, publish=False, note="created")
        if begin == VISUAL:
            start_visually(api, caller)
        say(f"{api.api_name} is a draft: change it, then publish")
        open_api(api.api_name, "Edit")

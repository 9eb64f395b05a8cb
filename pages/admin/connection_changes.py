"""Adding, changing and deleting a connection."""

from collections.abc import Mapping
from typing import Any, get_args

import streamlit as st

from engine.connections import defined_connection
from engine.model import ApiDefinition, ApiQuery, Caller, Connection, Page
from engine.ports import Dialect
from pages.components.context import engine, tables_of
from pages.components.errors import errors_shown
from pages.components.navigation import say
from pages.components.result_view import counted

NAMED = 8
ADDRESSES: Mapping[str, str] = {
    "postgres": "postgresql://reader:password@host:5432/database",
    "duckdb": "/path/of/the/file.duckdb",
}


def users_of(name: str, caller: Caller) -> Page[ApiDefinition]:
    """The APIs that run on a connection: how many, and the first of them."""
    return engine().apis.search(ApiQuery(connection=name, limit=NAMED), caller)


@st.dialog("Connection", icon=":material/database:", width="medium")
def form_dialog(connection: Connection | None, caller: Caller) -> None:
    """Add a connection, or change one."""
    connection_form(connection, caller)


@errors_shown()
def connection_form(connection: Connection | None, caller: Caller) -> None:
    """The fields of a connection, tried out before they are kept."""
    key = f"connection-{connection.name if connection else ''}"
    fields = _fields(connection, key)
    with st.container(horizontal=True):
        is_tried = st.button("Try it", icon=":material/network_ping:", key="try-connection")
        is_saved = st.button("Save", type="primary", icon=":material/save:", key="save-connection")
    if is_tried or is_saved:
        defined = defined_connection(fields)
        if is_tried:
            engine().connections.try_out(defined, caller)
            st.success("It answers.", icon=":material/check_circle:")
        else:
            engine().connections.save(defined, caller)
            tables_of.clear()
            say(f"Connection {defined.name} was saved")
            st.rerun()


def _fields(connection: Connection | None, key: str) -> dict[str, Any]:
    dialects = get_args(Dialect)
    name = connection.name if connection else ""
    if connection is None:
        name = st.text_input("Name", key=f"{key}-name", placeholder="warehouse")
    dialect = st.segmented_control(
        "Dialect",
        dialects,
        default=connection.dialect if connection else "postgres",
        required=True,
        key=f"{key}-dialect",
    )
    dsn = st.text_input(
        "Address",
        type="password",
        key=f"{key}-dsn",
        placeholder="unchanged" if connection else ADDRESSES[dialect or "postgres"],
        autocomplete="off",
        help="Kept encrypted and never shown again; or `env:NAME`, to read it from a variable of "
        "the environment. Give a role that may only read.",
    )
    description = st.text_input(
        "Description", connection.description if connection else "", key=f"{key}-description"
    )
    kept = connection.dsn if connection else ""
    return {"name": name, "dialect": dialect, "dsn": dsn or kept, "description": description or ""}


@st.dialog("Delete this connection?", icon=":material/delete:")
@errors_shown()
def delete_dialog(name: str, users: Page[ApiDefinition], caller: Caller) -> None:
    """Name what will fail without it, and delete it when that is confirmed."""
    if users.total:
        listed = "\n".join(f"- **{api.api_name}**" for api in users.items)
        more = users.total - len(users.items)
        st.markdown(
            f"**{name}** and its address will be gone, and {counted(users.total, 'API')} on it "
            f"will fail:\n\n{listed}" + (f"\n- {more} more" if more else "")
        )
    else:
        st.markdown(f"**{name}** and its address will be gone. No API uses it.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="keep-connection"):
            st.rerun()
        if st.button("Delete", type="primary", icon=":material/delete:", key="delete-now"):
            engine().connections.delete(name, caller)
            st.session_state.pop("connection", None)
            say(f"Connection {name} was deleted")
            st.rerun()

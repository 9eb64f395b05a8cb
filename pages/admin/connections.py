"""The query targets: whether they answer, what is dangerous about them, what they hold."""

import pandas as pd
import streamlit as st

from pages.build.definition.fields import table_browser
from pages.components.context import engine, require_caller, tables_of
from pages.components.errors import errors_shown
from pages.components.state import URL

caller = require_caller()
st.title("Connections")

connections = {each.name: each for each in engine().connections.all(caller)}
if not connections:
    st.info(
        "There are none. Start the engine with `API_ENGINE_CONNECTION_<NAME>=postgresql://…`.",
        icon=":material/database:",
    )
    st.stop()

st.dataframe(
    pd.DataFrame(
        [(each.name, each.dialect, each.origin, each.description) for each in connections.values()],
        columns=["Name", "Dialect", "From", "Description"],
    ),
    hide_index=True,
    height="content",
    alt="Connections",
)
name = st.segmented_control(
    "Look into",
    list(connections),
    default=next(iter(connections)),
    required=True,
    key=URL.connection,
    bind="query-params",
)
with errors_shown():
    if st.button("Ping", icon=":material/network_ping:", key="ping"):
        engine().connections.ping(name, caller)
        st.success(f"{name} answers.", icon=":material/check_circle:")
    for danger in engine().connections.audit(name, caller):
        st.warning(danger, icon=":material/warning:")
    table_browser(tables_of(name, caller))

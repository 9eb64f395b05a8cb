"""Tools: which APIs agents may call, exporting another one, and how to connect an agent."""

import json

import pandas as pd
import streamlit as st

from engine.auth import may
from engine.model import Caller
from engine.model.tool import ToolQuery
from engine.tools import ToolView
from pages.components.context import engine, origin, require_caller
from pages.components.errors import errors_shown
from pages.components.listing import (
    PAGE_SIZE,
    WORK_ORDERS,
    filter_row,
    nothing_matches,
    order_box,
    page_of,
    search_box,
)
from pages.components.navigation import open_tool, say
from pages.components.state import URL


@st.dialog("Export an API as a tool", icon=":material/smart_toy:")
@errors_shown()
def export_dialog(caller: Caller) -> None:
    """Choose an API and say what agents are told of it."""
    names = list(engine().apis.names(caller))
    name = st.selectbox("API", names, index=None, placeholder="choose", key="export-api")
    api = engine().apis.get(name, caller) if name else None
    told = st.text_area(
        "Description",
        value=api.description if api else "",
        help="Agents choose a tool by it: what it answers, from what, and when to use it.",
        key=f"export-description-{name}",
    )
    if api and api.tool_name:
        st.info(f"It is the tool **{api.tool_name}** already.", icon=":material/smart_toy:")
    elif api and not api.version:
        st.info("It is a draft; agents call what is published.", icon=":material/edit:")
    is_free = api is not None and api.version > 0 and not api.tool_name
    if st.button("Export", type="primary", key="export-tool-now", disabled=not is_free):
        fields = {"description": told or ""}
        view = engine().tools.export(str(name), fields, caller)
        say(f"{view.tool.name} is a tool: agents see it at once")
        open_tool(view.tool.name)


def state_of(view: ToolView) -> str:
    """Whether agents see a tool, and whether its API has moved away from what was exported."""
    if not view.is_callable:
        return "off"
    return "drifted" if view.drift else "offered"


caller = require_caller()
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Tools", width="content")
    if may(caller, "tools:write") and st.button(
        "Export an API", type="primary", icon=":material/add:", key="export-tool"
    ):
        export_dialog(caller)
st.caption("APIs that agents may call by the Model Context Protocol, under the limits of each API.")

everything = engine().tools.search(ToolQuery(limit=1), caller).total
if not everything:
    st.info(
        "There are no tools yet. **Export an API** makes one of any API that is published.",
        icon=":material/smart_toy:",
    )
else:
    with filter_row():
        text = search_box(URL.tool_search, "Name or description", width=280)
        order = order_box(WORK_ORDERS, "tools-sort")
    slot = st.container()
    views = page_of(
        lambda offset: engine().tools.search(
            ToolQuery(q=text, sort=order, limit=PAGE_SIZE, offset=offset), caller
        ),
        URL.tool_page,
    ).items
    with slot:
        if not views:
            nothing_matches("tool")
        else:
            rows = [
                (
                    view.tool.name,
                    [state_of(view)],
                    view.tool.api_name,
                    "yes" if view.tool.read_only else "no",
                    view.tool.description,
                    view.tool.updated_at,
                )
                for view in views
            ]
            columns = ["Name", "Status", "API", "Read-only", "Description", "Updated"]
            st.dataframe(
                pd.DataFrame(rows, columns=columns),
                key="tools",
                hide_index=True,
                height="content",
                alt="Tools",
                column_config={
                    "Name": st.column_config.ButtonColumn(
                        type="tertiary", alignment="left", pinned=True, width=200, key="open-tool"
                    ),
                    "Status": st.column_config.MultiselectColumn(
                        options=["offered", "drifted", "off"], color=["green", "orange", "red"]
                    ),
                    "Description": st.column_config.TextColumn(width="large"),
                    "Updated": st.column_config.DatetimeColumn(format="distance"),
                },
            )
            if opened := st.session_state.get("open-tool"):
                open_tool(views[opened.row].tool.name)

with st.expander("Connect an agent", icon=":material/cable:", expanded=not everything):
    st.markdown("Over HTTP, with an API key whose groups are `tools` and `execute`:")
    headers = {"X-API-Key": "${API_ENGINE_KEY}"}
    server = {"type": "http", "url": f"{origin()}/api/mcp", "headers": headers}
    st.code(json.dumps({"mcpServers": {"api-engine": server}}, indent=2), "json")
    st.markdown("On this machine, over standard input and output:")
    local = {"command": "api-engine", "args": ["mcp"]}
    st.code(json.dumps({"mcpServers": {"api-engine": local}}, indent=2), "json")

"""One tool: what agents are told, trying it, its calls; which one stands in the URL."""

import streamlit as st

from engine.auth import may
from engine.model import Caller
from engine.tools import ToolView
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown, issue_list
from pages.components.navigation import API_PAGE, TOOLS_PAGE, api_link, go, open_tool, say
from pages.components.state import URL
from pages.share.tool_calls import calls_tab, try_tab


def about_tab(view: ToolView, caller: Caller) -> None:
    """Draw what can be changed of a tool, the drift, and what agents see."""
    if view.drift:
        _drift(view, caller)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _fields(view, caller)
        issue_list(view.issues)
    with right:
        st.subheader("What agents see")
        offered = [each for each in engine().tools.offered(caller) if each.name == view.tool.name]
        if offered:
            st.json(dict(offered[0].input_schema), expanded=3)
        else:
            st.caption("Nothing: it, or its API, is switched off.")


def _drift(view: ToolView, caller: Caller) -> None:
    changes = "\n".join(f"- {change}" for change in view.drift)
    st.warning(
        f"The parameters are not those of the export (version {view.tool.api_version}):\n\n"
        f"{changes}\n\nAgents are told the new ones. Does the description still hold?",
        icon=":material/difference:",
    )
    if may(caller, "tools:write") and st.button("Accept the change", key="accept-drift"):
        engine().tools.refresh(view.tool.name, caller)
        say("The parameters as they are now are those of the export")
        open_tool(view.tool.name)


def _fields(view: ToolView, caller: Caller) -> None:
    tool = view.tool
    with st.form("tool", border=False), errors_shown():
        name = st.text_input("Name", value=tool.name, key=f"tool-name-{tool.id}")
        description = st.text_area(
            "Description", value=tool.description, height=120, key=f"tool-about-{tool.id}"
        )
        fields = {
            "name": name,
            "description": description,
            "read_only": st.toggle("Read-only", value=tool.read_only, key=f"tool-read-{tool.id}"),
            "offers_dry_run": st.toggle(
                "Agents may ask for a dry run", value=tool.offers_dry_run, key=f"tool-dry-{tool.id}"
            ),
            "max_chars": st.number_input(
                "Longest answer, characters",
                value=tool.max_chars,
                min_value=500,
                max_value=500_000,
                step=500,
                key=f"tool-chars-{tool.id}",
                width=220,
            ),
            "is_active": st.toggle("Offered", value=tool.is_active, key=f"tool-on-{tool.id}"),
        }
        saved = st.form_submit_button(
            "Save", type="primary", key="save-tool", disabled=not may(caller, "tools:write")
        )
        if saved:
            changed = engine().tools.update(tool.name, fields, caller)
            say(f"{changed.tool.name} is saved")
            open_tool(changed.tool.name)


@st.dialog("Remove this tool?", icon=":material/delete:")
@errors_shown()
def confirm_removal(view: ToolView, caller: Caller) -> None:
    """Say what stays, and remove the tool when that is confirmed."""
    st.markdown(
        f"Agents do not find **{view.tool.name}** any more. The API **{view.tool.api_name}** and "
        "the record of the calls stay."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Remove", type="primary", icon=":material/delete:", key="remove-tool-now"):
            engine().tools.delete(view.tool.name, caller)
            say(f"{view.tool.name} is no tool any more")
            go(TOOLS_PAGE)


caller = require_caller()
name = st.query_params.get(URL.tool)
if not name:
    st.title("Tool")
    st.info("Choose a tool from the list.", icon=":material/smart_toy:")
    st.page_link(TOOLS_PAGE, label="All tools", icon=":material/arrow_back:")
    st.stop()

view = engine().tools.get(name, caller)
with st.container(horizontal=True, vertical_alignment="center"):
    st.page_link(TOOLS_PAGE, label="All tools", icon=":material/arrow_back:")
    st.space("stretch")
    if may(caller, "tools:write") and st.button(
        "Remove", icon=":material/delete:", key="remove-tool"
    ):
        confirm_removal(view, caller)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title(view.tool.name, width="content")
    st.badge("offered" if view.is_callable else "off", color="green" if view.is_callable else "red")
    if view.drift:
        st.badge("drifted", color="orange", icon=":material/difference:")
    if view.tool.read_only:
        st.badge("read-only", color="gray")
    st.page_link(
        API_PAGE,
        label=view.tool.api_name,
        icon=":material/api:",
        query_params=api_link(view.tool.api_name),
    )

TABS = {"About": about_tab, "Try it": try_tab, "Calls": calls_tab}
tabs = st.tabs(list(TABS), key=URL.tool_tab, bind="query-params", on_change="rerun")
for part, draw in zip(tabs, TABS.values(), strict=True):
    if part.open:
        with part:
            draw(view, caller)

"""One screen, by the link that has its inputs in it."""

import streamlit as st

from engine.auth import may
from pages.components.context import engine, require_caller
from pages.components.navigation import go
from pages.components.screen.canvas import draw_screen
from pages.components.screen.controls import as_text, screen_controls

SCREENS_PAGE = "share/screens.py"
EDITOR_PAGE = "share/screen_editor.py"

caller = require_caller()
screen_id = st.query_params.get("id") or st.session_state.get("last-screen")
if not screen_id:
    st.info("Choose a screen from the list.", icon=":material/dashboard:")
    st.page_link(SCREENS_PAGE, label="All screens", icon=":material/arrow_forward:")
    st.stop()
st.session_state["last-screen"] = screen_id
screen = engine().screens.get(screen_id, caller)
spec = screen.spec

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(spec.title, width="content")
    with st.container(horizontal=True, width="content", gap="small"):
        if st.button("All screens", icon=":material/arrow_back:", key="all-screens"):
            go(SCREENS_PAGE)
        if may(caller, "screens:write") and st.button(
            "Edit", icon=":material/edit:", key="edit-screen"
        ):
            go(EDITOR_PAGE, {"id": screen_id})
if spec.description:
    st.caption(spec.description)

key = f"screen-{screen_id}"
inputs = screen_controls(spec, st.query_params.to_dict(), caller, key)
link = {"id": screen_id, **{name: as_text(value) for name, value in inputs.items() if value != ""}}
link = {name: value for name, value in link.items() if value}
if st.query_params.to_dict() != link:
    st.query_params.from_dict(link)


@st.fragment(run_every=spec.refresh_seconds or None)
def blocks() -> None:
    """The blocks, which load anew by themselves where the screen says so."""
    draw_screen(spec, inputs, caller, key)


blocks()

"""Making and deleting screens."""

import re

import streamlit as st

from engine.model import Caller
from engine.model.screen import Screen
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import go, say

EDITOR_PAGE = "share/screen_editor.py"


@st.dialog("New screen", icon=":material/dashboard:")
@errors_shown()
def new_screen(caller: Caller) -> None:
    """Name a screen and go to its editor."""
    title = st.text_input("Title", key="new-screen-title", placeholder="Morning in New York")
    if st.button("Make it", type="primary", key="make-screen", disabled=not title.strip()):
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:80] or "screen"
        engine().screens.create(name, {"title": title.strip()}, caller)
        go(EDITOR_PAGE, {"id": name})


@st.dialog("Delete this screen?", icon=":material/delete:")
@errors_shown()
def confirm_delete(screen: Screen, caller: Caller) -> None:
    """Delete after a confirmation that says what is lost."""
    draft = " and its draft" if screen.draft else ""
    st.markdown(
        f"**{screen.spec.title}** with its {len(screen.spec.blocks)} blocks{draft} will be gone, "
        f"and whoever has its link `/screen?id={screen.screen_id}` finds nothing. The APIs stay."
    )
    if st.button("Delete", type="primary", icon=":material/delete:", key="delete-screen-now"):
        engine().screens.delete(screen.screen_id, caller, expected_version=screen.version)
        say(f"The screen {screen.spec.title} was deleted.")
        st.rerun()

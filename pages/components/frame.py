"""What stands above every page: search, the health light, who is using it and the way out."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.model import Caller
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.health import health_details, is_well
from pages.components.palette import command_palette
from pages.components.sign_in import account

LIGHT_EVERY = "20s"
SEARCH_PX = 380


def frame(caller: Caller) -> None:
    """Draw it."""
    with st.container(horizontal=True, vertical_alignment="center", key="frame"):
        with st.container(width=SEARCH_PX):
            command_palette(caller)
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="right"
        ):
            with st.container(width="content"):
                _health_light()
            account(engine().auth, caller)


@st.fragment(run_every=LIGHT_EVERY)
@errors_shown()
def _health_light() -> None:
    health = _health()
    ok = is_well(health)
    light = "green[:material/check_circle:]" if ok else "red[:material/error:]"
    words = "Healthy" if ok else str(health["status"]).capitalize()
    with st.popover(f":{light} {words}", type="tertiary", key="health", help="Part by part"):
        health_details(health)


@st.cache_data(ttl="15s", refresh_mode="background", show_spinner=False)
def _health() -> Mapping[str, Any]:
    """Asked for beside the sessions: a target that does not answer must not hold up a page."""
    return engine().health()

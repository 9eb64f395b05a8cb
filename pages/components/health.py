"""The health of the instance in a line."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.colors import HEALTH_COLORS


def health_line(health: Mapping[str, Any]) -> None:
    """One badge per component, as `Engine.health` tells of them."""
    components: Mapping[str, Mapping[str, Any]] = health["components"]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for name, state in components.items():
            st.badge(
                f"{name} {state['status']}",
                color=HEALTH_COLORS.get(state["status"], "gray"),
                icon=":material/circle:",
                help="  \n".join(f"{key}: {value}" for key, value in state.items()),
            )

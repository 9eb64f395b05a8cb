"""The health of the instance in a line."""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def health_line(health: Mapping[str, Any]) -> None:
    """One badge per component, as `Engine.health` tells of them."""
    components: Mapping[str, Mapping[str, Any]] = health["components"]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for name, state in components.items():
            is_ok = state["status"] == "ok"
            st.badge(
                f"{name.replace('_', ' ')} {state['status']}",
                color="green" if is_ok else "red",
                icon=":material/check_circle:" if is_ok else ":material/error:",
                help="  \n".join(f"{key}: {value}" for key, value in state.items()),
            )

"""The health of the instance, part by part."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

Health = Mapping[str, Any]
"""As `Engine.health` tells it."""


def is_well(health: Health) -> bool:
    """Whether every part answers."""
    return bool(health["status"] == "ok")


def health_line(health: Health) -> None:
    """One badge per component."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for name, state in health["components"].items():
            is_ok = state["status"] == "ok"
            st.badge(
                f"{name.replace('_', ' ')} {state['status']}",
                color="green" if is_ok else "red",
                icon=":material/check_circle:" if is_ok else ":material/error:",
                help="  \n".join(f"{key}: {value}" for key, value in state.items()),
            )


def health_details(health: Health) -> None:
    """One line per component, with what it says of itself."""
    for name, state in health["components"].items():
        mark = (
            ":green[:material/check_circle:]"
            if state["status"] == "ok"
            else ":red[:material/error:]"
        )
        told = " · ".join(
            f"{key.replace('_', ' ')} {value}"
            for key, value in state.items()
            if key != "status" and value is not None
        )
        st.markdown(f"{mark} **{name.replace('_', ' ')}** {state['status']}")
        st.caption(told)

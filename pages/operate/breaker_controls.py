"""An operator's hand on a breaker: force it open, disable it, reset it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from engine.model import Caller
from engine.policy_control import BreakerView
from engine.ports import BreakerMode
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import say
from pages.components.state import URL
from pages.operate.breaker_views import state_word

ACTIONS: Mapping[BreakerMode, tuple[str, str]] = {
    "forced_open": ("Force open", "block"),
    "disabled": ("Disable", "shield_question"),
    "auto": ("Reset", "restart_alt"),
}
EFFECTS: Mapping[BreakerMode, str] = {
    "forced_open": "Every call is refused with 503 until somebody resets it; cached answers are "
    "still served.",
    "disabled": "Every call reaches the target, however often it fails, until somebody resets it.",
    "auto": "The circuit closes, its counts begin at 0, and it works by itself again.",
}


def breaker_controls(views: Sequence[BreakerView], caller: Caller) -> None:
    """Choose a breaker and an action; each asks before it acts."""
    by_name = {view.name: view for view in views}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            "Breaker", list(by_name), key=URL.breaker, bind="query-params", width=280
        )
        view = by_name[name]
        for mode, (label, icon) in ACTIONS.items():
            if st.button(
                label,
                icon=f":material/{icon}:",
                key=f"breaker-{mode}",
                disabled=mode != "auto" and view.snapshot.mode == mode,
            ):
                confirm_steering(view, mode, caller)
    if len(view.apis) > 1:
        st.caption(f"Shared by {', '.join(view.apis)}.")


@st.dialog("Change this breaker?", icon=":material/electric_bolt:")
@errors_shown()
def confirm_steering(view: BreakerView, mode: BreakerMode, caller: Caller) -> None:
    """Say what will happen, ask for the reason, and do it when that is confirmed."""
    label, icon = ACTIONS[mode]
    st.markdown(f"**{view.name}** is {state_word(view.snapshot)}. {EFFECTS[mode]}")
    if len(view.apis) > 1:
        st.markdown(f"It guards {len(view.apis)} APIs: {', '.join(view.apis)}.")
    reason = st.text_input(
        "Reason", key="breaker-reason", placeholder="kept in the audit log", max_chars=500
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Leave it", key="breaker-leave"):
            st.rerun()
        if st.button(label, type="primary", icon=f":material/{icon}:", key="breaker-confirm"):
            changed = engine().policies.steer_breaker(view.apis[0], mode, caller, reason=reason)
            say(f"{view.name} is {state_word(changed.snapshot)}")
            st.rerun()

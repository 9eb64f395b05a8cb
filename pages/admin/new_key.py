"""The form that makes an API key, and the key it shows once."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import streamlit as st

from engine.auth import Group, IssuedKey
from engine.model import Caller, Role, Scope
from pages.components.context import engine
from pages.components.errors import errors_shown

LIVES = {"30 days": 30, "90 days": 90, "1 year": 365, "No end": None}


def new_key_form(caller: Caller) -> None:
    """Draw the form; the key it makes is shown once."""
    with st.form("new-key", clear_on_submit=False), errors_shown():
        st.subheader("New key")
        left, right = st.columns(2)
        name = left.text_input("Name", key="key-name", placeholder="billing service")
        role = right.segmented_control(
            "Role", get_args(Role), default="viewer", required=True, key="key-role"
        )
        patterns = left.text_input("APIs by name pattern", key="key-apis", placeholder="sales-*")
        tags = right.text_input("APIs by tag", key="key-tags", placeholder="public")
        groups = left.multiselect(
            "Endpoint groups", get_args(Group), key="key-scope-groups", placeholder="all"
        )
        networks = right.text_input("Only from", key="key-ips", placeholder="192.0.2.0/24")
        rate = left.text_input("Rate", key="key-rate", placeholder="100/minute")
        life = right.selectbox("Ends after", list(LIVES), index=1, key="key-life")
        if st.form_submit_button("Make key", type="primary", key="make-key"):
            scope = Scope(groups=tuple(groups), api_patterns=_words(patterns), tags=_words(tags))
            days = LIVES[life]
            issued = engine().auth.keys.create(
                caller,
                name=name,
                roles=[role],
                scope=scope if scope != Scope() else None,
                expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
                allowed_ips=_words(networks),
                rate=rate.strip() or None,
            )
            show_once(issued)


@st.dialog("The new key", dismissible=False)
def show_once(issued: IssuedKey) -> None:
    """The only time that a key is shown."""
    st.markdown("Copy it now: it is not kept and not shown again.")
    st.code(issued.text, None)
    if st.button("I have copied it", type="primary", key="key-copied"):
        st.rerun()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())

"""Deleting a secret, after a confirmation."""

import streamlit as st

from engine.model import Caller
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import say


@st.dialog("Delete this secret?")
@errors_shown()
def confirm_delete(name: str, caller: Caller) -> None:
    """Say what will break, and delete the secret when that is confirmed."""
    st.markdown(f"APIs that use `{{{{secrets.{name}}}}}` will fail until it is stored again.")
    if st.button("Delete", type="primary", icon=":material/delete:", key="delete-secret-now"):
        engine().secrets.delete(name, caller)
        say(f"Secret {name} was deleted.")
        st.rerun()

"""What the menus do to an API: switch, clone, delete after asking."""

import streamlit as st

from engine.definition_fields import authored_fields
from engine.model import ApiDefinition, Caller
from pages.build.api_table import CLONE, DELETE, DISABLE, EDIT, ENABLE, RUN, VERSIONS
from pages.build.definition.where_used import users_in_words
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import APIS_PAGE, go, open_api, say
from pages.components.state import LAST_API, WORKING_COPIES

TABS = {RUN: "Run", EDIT: "Edit", VERSIONS: "Versions"}


def act(action: str, api: ApiDefinition, caller: Caller) -> None:
    """Do what a menu item says; most of them end on another page."""
    if action == CLONE:
        clone(api, caller)
    elif action in (ENABLE, DISABLE):
        switch(api, caller, active=action == ENABLE)
    elif action == DELETE:
        confirm_delete(api, caller)
    else:
        open_api(api.api_name, TABS.get(action, "Overview"))


def clone(api: ApiDefinition, caller: Caller) -> None:
    """Start a new API as a draft from a copy of this one, and open it for editing."""
    fields = {**authored_fields(api), "api_name": f"{api.api_name}-copy"}
    copy = engine().apis.create(fields, caller, publish=False, note=f"cloned from {api.api_name}")
    say(f"{copy.api_name} is a draft: change it, then publish")
    open_api(copy.api_name, "Edit")


def switch(api: ApiDefinition, caller: Caller, *, active: bool) -> None:
    """Switch an API on or off, asking first when something would break."""
    used = None if active else engine().lineage.where_used(api.api_name, caller)
    if used is not None and (used.direct or used.hidden):
        confirm_switching_off(api, users_in_words(used), caller)
        return
    engine().apis.set_active(api.api_name, caller, active=active)
    say(f"{api.api_name} is {'on' if active else 'off: calls are refused with 409'}")
    st.rerun()


@st.dialog("Switch it off all the same?", icon=":material/power_settings_new:")
@errors_shown()
def confirm_switching_off(api: ApiDefinition, users: str, caller: Caller) -> None:
    """Name what would break, and switch the API off when that is confirmed."""
    st.markdown(f"**{api.api_name}** is used, and these would fail:\n\n{users}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Leave it on", key="leave-on"):
            st.rerun()
        if st.button("Switch off", type="primary", key="switch-off-all-the-same"):
            engine().apis.set_active(api.api_name, caller, active=False, even_if_used=True)
            say(f"{api.api_name} is off: calls are refused with 409")
            st.rerun()


@st.dialog("Delete this API?", icon=":material/delete:")
@errors_shown()
def confirm_delete(api: ApiDefinition, caller: Caller) -> None:
    """Name what will be lost, and delete when that is confirmed."""
    versions = len(engine().apis.versions(api.api_name, caller))
    st.markdown(
        f"**{api.api_name}** with its {versions} version{'s' * (versions != 1)} and its draft will "
        "be gone, and callers get 404. Its rows in the execution log stay."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="keep"):
            st.rerun()
        if st.button("Delete", type="primary", icon=":material/delete:", key="delete-for-good"):
            engine().apis.delete(api.api_name, caller)
            LAST_API.take()
            WORKING_COPIES.get().pop(str(api.id), None)
            say(f"{api.api_name} was deleted")
            go(APIS_PAGE)

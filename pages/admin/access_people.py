"""Users on the access page."""

from collections.abc import Mapping, Sequence
from typing import get_args

import pandas as pd
import streamlit as st

from engine.auth.subjects import user_subject
from engine.model import Caller, Role
from engine.model.listing import UserOrder, UserQuery
from engine.ports import User
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.listing import PAGE_SIZE, searched_list
from pages.components.navigation import say

FORM_PX = 560
USER_ORDERS: Mapping[UserOrder, str] = {"name": "by name", "seen": "last signed in"}


def users_panel(caller: Caller) -> None:
    """The people who sign in with a password."""
    users = engine().auth.users.all(caller)
    if users:
        _users_list(caller)
        _change(users, caller)
    else:
        st.info(
            "Nobody signs in with a password yet. The first user must be an admin; from then on "
            "the dashboard asks everybody to sign in, on this machine as well.",
            icon=":material/group:",
        )
    _new_user(caller, is_first=not users)


def _users_list(caller: Caller) -> None:
    searched_list(
        "users",
        lambda text, order, offset: engine().auth.users.search(
            UserQuery(q=text, sort=order, limit=PAGE_SIZE, offset=offset), caller
        ),
        lambda users: _users_table(users, caller),
        words="Name",
        orders=USER_ORDERS,
        what="user",
    )


def _users_table(users: Sequence[User], caller: Caller) -> None:
    bindings = engine().auth.bindings.all(caller)
    rows = [
        (
            user.name,
            ", ".join(each.role for each in bindings if each.subject == user_subject(user.name)),
            "active" if user.is_active else "disabled",
            user.last_login_at,
        )
        for user in users
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Name", "Roles", "State", "Last sign-in"]),
        hide_index=True,
        height="content",
        placeholder="",
        alt="Users",
        column_config={"Last sign-in": st.column_config.DatetimeColumn(format="distance")},
    )


def _change(users: tuple[User, ...], caller: Caller) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("User", [user.name for user in users], key="user-to-change", width=240)
        is_active = next(user.is_active for user in users if user.name == name)
        if st.button("Disable" if is_active else "Enable", key="switch-user"):
            engine().auth.users.set_active(name, caller, active=not is_active)
            say(f"{name} may {'not sign in any more' if is_active else 'sign in'}.")
            st.rerun()
        if st.button("Set password…", icon=":material/password:", key="set-password"):
            ask_password(name, caller)


@st.dialog("Set a password")
@errors_shown()
def ask_password(name: str, caller: Caller) -> None:
    """Give a user another password."""
    st.markdown(f"**{name}** is signed out everywhere and signs in with the new one.")
    password = st.text_input(
        "Password", type="password", autocomplete="new-password", key="new-password"
    )
    if st.button("Set", type="primary", key="set-password-now"):
        engine().auth.users.set_password(name, password, caller)
        del st.session_state["new-password"]
        say(f"{name} has a new password.")
        st.rerun()


def _new_user(caller: Caller, *, is_first: bool) -> None:
    with st.form("new-user", width=FORM_PX), errors_shown():
        st.subheader("New user")
        name = st.text_input("Name", key="new-user-name", autocomplete="off")
        password = st.text_input(
            "Password", type="password", autocomplete="new-password", key="new-user-password"
        )
        role = st.segmented_control(
            "Role",
            get_args(Role),
            default="admin" if is_first else "viewer",
            required=True,
            key="new-user-role",
        )
        if st.form_submit_button("Create", type="primary", key="create-user"):
            engine().auth.users.create(name, password, [role], caller)
            del st.session_state["new-user-password"], st.session_state["new-user-name"]
            say(f"User {name} was created.")
            st.rerun()

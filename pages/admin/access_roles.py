"""Roles on the access page: who was given which, giving and taking them."""

from collections.abc import Mapping, Sequence
from typing import get_args

import pandas as pd
import streamlit as st

from engine.model import Caller, Role
from engine.model.listing import BindingOrder, BindingQuery
from engine.ports import RoleBinding
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.listing import PAGE_SIZE, searched_list
from pages.components.navigation import say

FORM_PX = 560
ROLE_ORDERS: Mapping[BindingOrder, str] = {
    "subject": "by subject",
    "role": "by role",
    "newest": "newest first",
}


def roles_panel(caller: Caller) -> None:
    """Who was given which role, and a form to give and take roles."""
    bindings = engine().auth.bindings.all(caller)
    if bindings:
        _roles_list(caller)
    else:
        st.info(
            "Nobody was given a role yet. A user gets one when he is made; the form below gives "
            "roles to people and groups whom a provider signs in.",
            icon=":material/badge:",
        )
    with st.form("bind-role", width=FORM_PX), errors_shown():
        st.subheader("Give a role")
        subject = st.text_input(
            "To",
            key="bind-subject",
            placeholder="group:data",
            help="`user:NAME`, `sub:SUBJECT`, `email:ADDRESS`, `group:NAME` or `claim:NAME=VALUE`. "
            "All but the first describe people whom a provider signs in.",
        )
        role = st.segmented_control(
            "Role", get_args(Role), default="viewer", required=True, key="bind-as"
        )
        if st.form_submit_button("Give", type="primary", key="bind-now"):
            engine().auth.bindings.bind(subject, role, caller)
            say(f"{subject} has the role {role}.")
            st.rerun()
    if bindings:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            given = {f"{each.subject} · {each.role}": each for each in bindings}
            chosen = st.selectbox("Role to take", list(given), key="role-to-take", width=340)
            if st.button("Take", icon=":material/person_remove:", key="take-role"):
                engine().auth.bindings.unbind(given[chosen].subject, given[chosen].role, caller)
                say(f"{chosen} was taken.")
                st.rerun()


def _roles_list(caller: Caller) -> None:
    searched_list(
        "roles",
        lambda text, order, offset: engine().auth.bindings.search(
            BindingQuery(q=text, sort=order, limit=PAGE_SIZE, offset=offset), caller
        ),
        _roles_table,
        words="Subject, role, giver",
        orders=ROLE_ORDERS,
        what="role",
    )


def _roles_table(bindings: Sequence[RoleBinding]) -> None:
    st.dataframe(
        pd.DataFrame(
            [(each.subject, each.role, each.created_by, each.created_at) for each in bindings],
            columns=["Subject", "Role", "Given by", "At"],
        ),
        hide_index=True,
        height="content",
        alt="Roles",
        column_config={"At": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
    )

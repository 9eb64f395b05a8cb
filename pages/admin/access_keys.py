"""API keys on the access page: make one, shown once; revoke one; choose what keys may reach."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import get_args

import pandas as pd
import streamlit as st

from engine.auth import PERMISSIONS, Group
from engine.model import Caller, Scope
from engine.model.listing import KeyOrder, KeyQuery
from engine.ports import ApiKey
from pages.admin.new_key import new_key_form
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.listing import PAGE_SIZE, searched_list
from pages.components.navigation import say

ORDERS: Mapping[KeyOrder, str] = {
    "newest": "newest first",
    "name": "by name",
    "used": "last used",
}


def keys_panel(caller: Caller) -> None:
    """The keys there are, and a form for another one."""
    keys = engine().auth.keys.all(caller)
    searched_list(
        "keys",
        lambda text, order, offset: engine().auth.keys.search(
            KeyQuery(q=text, sort=order, limit=PAGE_SIZE, offset=offset), caller
        ),
        _table,
        words="Name, id, role",
        orders=ORDERS,
        what="key",
    )
    usable = {f"{key.name} · {key.id}": key for key in keys if key.revoked_at is None}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Key", list(usable), key="key-to-revoke", width=340)
        if st.button("Revoke…", icon=":material/block:", key="revoke-key", disabled=not usable):
            confirm_revoke(usable[chosen], caller)
    new_key_form(caller)


def key_groups_form(caller: Caller) -> None:
    """Choose which endpoint groups accept API keys at all."""
    st.markdown(
        "A group that is switched off here refuses every API key of this tenant; people who sign "
        "in and tokens still reach it. The command line does not ask."
    )
    chosen = st.pills(
        "API keys may reach",
        get_args(Group),
        selection_mode="multi",
        default=engine().auth.key_groups.of(caller.tenant_id),
        format_func=_group_label,
        key="key-groups",
    )
    if st.button("Save", type="primary", key="save-key-groups"):
        engine().auth.key_groups.set(chosen, caller)
        say("What keys may reach was changed; it acts within two seconds.")
        st.rerun()


def _table(keys: Sequence[ApiKey]) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                (
                    key.name,
                    key.id,
                    ", ".join(sorted(key.roles)),
                    _limits(key),
                    _state(key),
                    key.last_used_at,
                )
                for key in keys
            ],
            columns=["Name", "Id", "Roles", "Limited to", "State", "Last used"],
        ),
        hide_index=True,
        height="content",
        placeholder="",
        alt="API keys",
        column_config={"Last used": st.column_config.DatetimeColumn(format="distance")},
    )


@st.dialog("Revoke this key?")
@errors_shown()
def confirm_revoke(key: ApiKey, caller: Caller) -> None:
    """End a key after a confirmation."""
    st.markdown(f"Whoever uses **{key.name}** is refused within two seconds. There is no way back.")
    if st.button("Revoke", type="primary", icon=":material/block:", key="revoke-key-now"):
        engine().auth.keys.revoke(key.id, caller)
        say(f"Key {key.name} was revoked.")
        st.rerun()


def _limits(key: ApiKey) -> str:
    scope = key.scope or Scope()
    limits = (*scope.api_patterns, *scope.tags, *scope.groups, *key.allowed_ips)
    return ", ".join((*limits, key.rate) if key.rate else limits)


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "valid"
    verb = "expired" if key.expires_at <= datetime.now(UTC) else "valid until"
    return f"{verb} {key.expires_at:%Y-%m-%d}"


def _group_label(group: Group) -> str:
    actions = [each.what for each in PERMISSIONS.values() if each.group == group]
    return f"{group} ({actions[0]}{', …' if len(actions) > 1 else ''})"

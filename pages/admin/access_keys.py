"""API keys on the access page: make one, shown once; revoke one; choose what keys may reach."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pandas as pd
import streamlit as st

from engine.auth import PERMISSIONS, Group, IssuedKey
from engine.model import Caller, Role, Scope
from engine.ports import ApiKey
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import say

LIVES = {"30 days": 30, "90 days": 90, "1 year": 365, "No end": None}


def keys_panel(caller: Caller) -> None:
    """The keys there are, and a form for another one."""
    keys = engine().auth.keys.all(caller)
    _table(keys)
    usable = {f"{key.name} · {key.id}": key for key in keys if key.revoked_at is None}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Key", list(usable), key="key-to-revoke", width=340)
        if st.button("Revoke…", icon=":material/block:", key="revoke-key", disabled=not usable):
            confirm_revoke(usable[chosen], caller)
    _new_key(caller)


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


def _table(keys: tuple[ApiKey, ...]) -> None:
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


def _new_key(caller: Caller) -> None:
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


@st.dialog("Revoke this key?")
@errors_shown()
def confirm_revoke(key: ApiKey, caller: Caller) -> None:
    """End a key after a confirmation."""
    st.markdown(f"Whoever uses **{key.name}** is refused within two seconds. There is no way back.")
    if st.button("Revoke", type="primary", icon=":material/block:", key="revoke-key-now"):
        engine().auth.keys.revoke(key.id, caller)
        say(f"Key {key.name} was revoked.")
        st.rerun()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


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

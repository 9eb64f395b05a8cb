"""The access simulator: pick a key, a user or a set of claims and see what it may do, and why."""

import json
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.access import Decision, explain_access
from engine.errors import BadRequestError
from engine.model import ApiQuery, Caller
from pages.components.context import engine

WAYS = ("API key", "User", "Claims")
SHOWN = 100


def simulator(caller: Caller) -> None:
    """Choose somebody, and read what the rules of every call say of it."""
    subject = _chosen(caller)
    if subject is None:
        st.info("There is nobody of this kind yet.", icon=":material/person_search:")
        return
    wanted = st.text_input(
        "APIs",
        key="simulate-apis",
        type="search",
        live=True,
        placeholder="Name, description or tag",
        width=340,
    )
    apis = engine().apis.search(ApiQuery(q=wanted or "", limit=SHOWN), caller)
    report = explain_access(subject, apis.items)
    roles = ", ".join(sorted(subject.roles)) or "no role"
    st.markdown(f"`{subject.subject}` has **{roles}** in the tenant `{subject.tenant_id}`.")
    st.subheader("Actions")
    _decisions(report.actions, "Actions")
    st.subheader("Executing APIs")
    _decisions(report.apis, "APIs")
    if apis.total > len(apis.items):
        st.caption(f"The first {SHOWN} of {apis.total:,}: search for the others.")


def _chosen(caller: Caller) -> Caller | None:
    way = st.segmented_control("Who", WAYS, default=WAYS[0], required=True, key="simulate")
    auth = engine().auth
    if way == "API key":
        keys = {f"{key.name} · {key.id}": key for key in auth.keys.all(caller)}
        name = st.selectbox("Key", list(keys), key="simulate-key", width=340)
        if name and keys[name].revoked_at is not None:
            st.warning("This key was revoked: it is refused before any of this is asked.")
        return auth.of_key(keys[name].id, caller) if name else None
    if way == "User":
        users = {user.name: user for user in auth.users.all(caller)}
        name = st.selectbox("User", list(users), key="simulate-user", width=340)
        if name and not users[name].is_active:
            st.warning("This user may not sign in: none of this is reached.")
        return auth.of_user(name, caller) if name else None
    text = st.text_area(
        "Claims of the token",
        '{"sub": "u1", "email": "mina@example.com", "email_verified": true, "groups": ["data"]}',
        key="simulate-claims",
    )
    return auth.of_claims_here(_parsed(text), caller)


def _parsed(text: str) -> dict[str, object]:
    try:
        claims = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadRequestError(f"the claims are no JSON: {error}") from error
    if not isinstance(claims, dict):
        raise BadRequestError("the claims are one JSON object")
    return claims


def _decisions(decisions: Sequence[Decision], title: str) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                ("✓ may" if each.allowed else "✗ may not", each.what, each.group, each.reason)
                for each in decisions
            ],
            columns=["", "What", "Group", "Why"],
        ),
        hide_index=True,
        height="content",
        alt=title,
    )

"""Dropping cached answers: what would go is counted and shown before anything does."""

from collections.abc import Sequence

import streamlit as st

from engine.model import Caller
from engine.policy_control import CachedAnswers, CacheSelection, CachingApi
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import say
from pages.components.result_view import counted

WAYS = ("One API", "A tag", "Everything")
KEYS_SHOWN = 100


def purge(apis: Sequence[CachingApi], caller: Caller) -> None:
    """Choose what to drop, see how much that is, and drop it after a confirmation.

    Args:
        apis: Those on show; the fullest of them is offered first, then all others.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        way = st.segmented_control("Drop", WAYS, default=WAYS[0], required=True, key="purge-way")
        selection = _selection(way or WAYS[0], apis, caller)
    if selection is None:
        st.caption("Choose a tag, or type one: `table:flights`, `origin:JFK`.")
        return
    found = engine().policies.find_cached(selection, caller)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        asked = st.button(
            f"Drop {_amount(found)}",
            icon=":material/delete_sweep:",
            key="purge",
            disabled=not found.answers,
        )
        if not found.answers:
            st.caption("Nothing is cached under this.")
    if found.answers:
        with st.expander("Keys", icon=":material/key:"):
            st.code("\n".join(found.keys[:KEYS_SHOWN]), None)
    if asked:
        confirm_purge(selection, found, caller)


@st.dialog("Drop cached answers?", icon=":material/delete_sweep:")
@errors_shown()
def confirm_purge(selection: CacheSelection, found: CachedAnswers, caller: Caller) -> None:
    """Say what will be lost, and drop it when that is confirmed."""
    st.markdown(
        f"**{_amount(found)}** will be dropped in every process. "
        "The next calls reach their targets again, all at once."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep them", key="purge-keep"):
            st.rerun()
        if st.button("Drop", type="primary", icon=":material/delete_sweep:", key="purge-confirm"):
            dropped = engine().policies.drop_cached(selection, caller)
            say(f"{_amount(dropped)} dropped")
            st.rerun()


def _selection(way: str, apis: Sequence[CachingApi], caller: Caller) -> CacheSelection | None:
    if way == "Everything":
        return CacheSelection(everything=True)
    if way == "One API":
        fullest = [api.api_name for api in sorted(apis, key=lambda api: -api.kept.answers)]
        names = list(dict.fromkeys([*fullest, *engine().apis.names(caller)]))
        return CacheSelection(api=st.selectbox("API", names, key="purge-api", width=280))
    known = sorted({tag for api in apis for tag in api.tags if "{{" not in tag})
    tag = st.selectbox(
        "Tag",
        known,
        index=None,
        accept_new_options=True,
        placeholder="choose or type",
        key="purge-tag",
        width=280,
    )
    return CacheSelection(tag=tag) if tag else None


def _amount(found: CachedAnswers) -> str:
    if found.more:
        return f"more than {counted(found.answers, 'answer')}"
    return counted(found.answers, "answer")

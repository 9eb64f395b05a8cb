"""The command palette: Ctrl+K on any page searches pages, APIs and runs, and goes there."""

import streamlit as st

from engine.model import Caller
from pages.components.editors.asset_component import asset_component
from pages.components.errors import errors_shown
from pages.components.navigation import go
from pages.components.search import Hit, found

_mount = asset_component("command-palette")

KEY = "command-palette"


@st.fragment
@errors_shown()
def command_palette(caller: Caller) -> None:
    """Draw the field that opens it, and go where somebody chose to go."""
    query = str((st.session_state.get(KEY) or {}).get("query") or "")
    hits = found(query, caller)
    answer = _mount(
        key=KEY,
        data={
            "query": query,
            "hits": [_sent(hit) for hit in hits],
            "label": "Search everything",
            "hint": "APIs, assets, tools, screens, rules, pages; a run by its id or trace",
        },
        default={"query": ""},
        on_query_change=_no_callback,
        on_chosen_change=_no_callback,
    )
    chosen = next((hit for hit in hits if hit.id == answer.chosen), None)
    if chosen is not None:
        go(chosen.page, chosen.query)


def _sent(hit: Hit) -> dict[str, str]:
    return {
        "id": hit.id,
        "group": hit.group,
        "title": hit.title,
        "about": hit.about,
        "href": hit.href,
    }


def _no_callback() -> None:
    """Streamlit tells of a trigger only when a callback is named for it."""

"""The entry of every session: page settings, the caller, and the pages there are."""

from pathlib import Path

import streamlit as st

from pages.components.context import is_open, require_caller
from pages.components.errors import errors_shown
from pages.components.frame import frame
from pages.components.navigation import show_notice
from pages.components.site_map import HOME, SECTIONS, Entry

SIDEBAR_PX = 220
ASSETS = Path(__file__).parent / "assets"


def page_of(entry: Entry) -> st.Page:
    """The page as Streamlit's navigation wants it."""
    return st.Page(
        entry.path,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.url_path,
        help=entry.about or None,
        default=entry is HOME,
        visibility="visible" if entry.is_listed else "hidden",
    )


st.set_page_config(
    page_title="API Engine", page_icon="🛰️", layout="wide", initial_sidebar_state=SIDEBAR_PX
)

st.logo(str(ASSETS / "logo.svg"), size="large")

with errors_shown():
    # Also who has to sign in first gets the page of the link that was opened.
    page = st.navigation(
        {section: [page_of(entry) for entry in entries] for section, entries in SECTIONS.items()},
        position="sidebar" if is_open() else "hidden",
        expanded=True,
    )
    caller = require_caller()
    frame(caller)
    show_notice()
    page.run()

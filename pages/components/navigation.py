"""Ways from one page to another, and what is said on arrival."""

from typing import NoReturn

import streamlit as st

from pages.components.state import NOTICE, URL

API_PAGE = "build/api.py"
APIS_PAGE = "build/apis.py"
NEW_PAGE = "build/new.py"
RUNS_PAGE = "operate/runs.py"


def open_api(name: str, tab: str = "Overview") -> NoReturn:
    """Go to an API's page."""
    st.switch_page(API_PAGE, query_params=api_link(name, tab))


def open_run(execution_id: object) -> NoReturn:
    """Go to one run in the log."""
    st.switch_page(RUNS_PAGE, query_params={URL.run: str(execution_id)})


def api_link(name: str, tab: str = "Overview") -> dict[str, str]:
    """The query parameters that open an API's page at a tab."""
    return {URL.api: name} if tab == "Overview" else {URL.api: name, URL.tab: tab}


def say(message: str) -> None:
    """Show a message after the rerun or page change that follows."""
    NOTICE.put(message)


def show_notice() -> None:
    """Show the message that was left for this run, if any."""
    message = NOTICE.take()
    if message:
        st.toast(message, icon=":material/check:")

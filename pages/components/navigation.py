"""Ways from one page to another, and what is said on arrival."""

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st

from pages.components.state import NEXT_TAB, NOTICE, URL

API_PAGE = "build/api.py"
APIS_PAGE = "build/apis.py"
ASSETS_PAGE = "build/assets.py"
ASSET_PAGE = "build/one_asset.py"
TOOLS_PAGE = "share/tools.py"
TOOL_PAGE = "share/tool.py"
SCREEN_PAGE = "share/screen.py"
RULES_PAGE = "operate/rules.py"
NEW_PAGE = "build/new.py"
RUNS_PAGE = "operate/runs.py"
COMPARE_PAGE = "operate/compare.py"
JOBS_PAGE = "operate/jobs.py"
METRICS_PAGE = "operate/metrics.py"
ALERTS_PAGE = "operate/alerts.py"


def go(page: str, query: Mapping[str, str] | None = None) -> NoReturn:
    """Go to a page.

    Always with query parameters, if only none: left out, Streamlit clears those of the page at
    hand one by one and refuses when a widget is bound to one.
    """
    st.switch_page(page, query_params=query or {})


def open_api(name: str, tab: str = "Overview") -> NoReturn:
    """Go to an API's page, also from that page itself.

    The tab goes through the session: a query parameter that is bound to a widget of the page at
    hand cannot be set from code.
    """
    NEXT_TAB.put(tab)
    go(API_PAGE, {URL.api: name})


def open_asset(name: str, tab: str = "Overview") -> NoReturn:
    """Go to an asset's page, also from that page itself."""
    NEXT_TAB.put(tab)
    go(ASSET_PAGE, {URL.asset: name})


def open_tool(name: str) -> NoReturn:
    """Go to a tool's page, also from that page itself."""
    go(TOOL_PAGE, {URL.tool: name})


def open_run(execution_id: object) -> NoReturn:
    """Go to one run in the log."""
    go(RUNS_PAGE, {URL.run: str(execution_id)})


def open_job(job_id: object) -> NoReturn:
    """Go to one job."""
    go(JOBS_PAGE, {URL.job: str(job_id)})


def back_button(page: str, label: str) -> None:
    """A way back to a list that is drawn by the script of the page at hand.

    A link to the script that runs is drawn as the page one is on.
    """
    if st.button(label, icon=":material/arrow_back:", type="tertiary", key="back-to-list"):
        go(page)


def compare_link(execution_id: object, label: str = "Compare") -> None:
    """A link to the page that makes a run again and compares."""
    st.page_link(
        COMPARE_PAGE,
        label=label,
        icon=":material/compare_arrows:",
        query_params={URL.run: str(execution_id)},
    )


def api_link(name: str) -> dict[str, str]:
    """The query parameters that open an API's page."""
    return {URL.api: name}


def say(message: str) -> None:
    """Show a message after the rerun or page change that follows."""
    NOTICE.put(message)


def show_notice() -> None:
    """Show the message that was left for this run, if any."""
    message = NOTICE.take()
    if message:
        st.toast(message, icon=":material/check:")

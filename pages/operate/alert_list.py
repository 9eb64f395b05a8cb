"""Alerts as a table that renews itself, and what they told."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from engine.alerting import compile_alert
from engine.model import Caller
from engine.model.alerting import Alert
from engine.model.listing import AlertOrder, AlertQuery
from pages.components.colors import Color
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.listing import (
    PAGE_SIZE,
    filter_row,
    nothing_matches,
    order_box,
    page_of,
    search_box,
)
from pages.components.navigation import ALERTS_PAGE, go
from pages.components.state import URL
from pages.operate.alert_events import told_table

ORDERS: Mapping[AlertOrder, str] = {
    "state": "by state",
    "name": "by name",
    "api": "by API",
}
PHASES: Mapping[str, Color] = {
    "firing": "red",
    "pending": "orange",
    "quiet": "green",
    "off": "gray",
}


def alert_board(caller: Caller) -> None:
    """The alerts that are looked for and the latest that was told, renewed by themselves."""
    with filter_row():
        text = search_box("alerts-q", "Name, words, API")
        order = order_box(ORDERS, "alerts-sort")
    _current(AlertQuery(q=text, sort=order, limit=PAGE_SIZE), caller)


@st.fragment(run_every="10s")
@errors_shown()
def _current(query: AlertQuery, caller: Caller) -> None:
    slot = st.container()
    found = page_of(
        lambda offset: engine().alerts.search(query.model_copy(update={"offset": offset}), caller),
        "alerts-p",
    )
    if not found.total and query.q:
        nothing_matches("alert")
    elif not found.total:
        st.info(
            "Nothing is watched yet. **New alert** tells you when calls fail or grow slow.",
            icon=":material/notifications:",
        )
    else:
        with slot:
            _table(found.items)
    told_table(engine().alerts.events(caller, limit=20), key="alerts-told")


def _table(alerts: Sequence[Alert]) -> None:
    st.dataframe(
        alerts_frame(alerts),
        key="alerts",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Alerts",
        column_config={
            "Alert": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, key="open-alert"
            ),
            "State": st.column_config.MultiselectColumn(
                options=list(PHASES), color=list(PHASES.values()), width=80
            ),
            "Now": st.column_config.NumberColumn(format="%.4g", width=90),
            "Since": st.column_config.DatetimeColumn(
                format="distance",
                width=130,
                help="Pending: since it is over the line. Firing: since it is back, if so.",
            ),
            "Looked at": st.column_config.DatetimeColumn(format="distance", width=130),
            "Watches": st.column_config.TextColumn(width=280),
        },
    )
    if opened := st.session_state.get("open-alert"):
        go(ALERTS_PAGE, {URL.alert: alerts[opened.row].alert_name})


def alerts_frame(alerts: Sequence[Alert]) -> pd.DataFrame:
    """One row an alert, in the order given."""
    rows = [
        (
            each.alert_name,
            [phase(each)],
            watched(each),
            each.spec.get("api") or "all",
            each.value,
            each.since,
            each.checked_at,
            each.delivery.get("type"),
        )
        for each in alerts
    ]
    columns = ["Alert", "State", "Watches", "API", "Now", "Since", "Looked at", "Tells"]
    return pd.DataFrame(rows, columns=columns)


def phase(alert: Alert) -> str:
    """Where an alert stands, or that it is switched off."""
    return alert.phase if alert.is_active else "off"


def watched(alert: Alert) -> str:
    """What an alert watches, in a line."""
    return f"{compile_alert(alert.spec).words} over {alert.spec.get('window', '5m')}"

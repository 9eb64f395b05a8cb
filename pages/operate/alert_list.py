"""Alerts as a table that renews itself, and what they told."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from engine.alerting import compile_alert
from engine.model import Caller
from engine.model.alerting import Alert, AlertEvent
from pages.components.colors import Color
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import ALERTS_PAGE, go
from pages.components.state import URL

PHASES: Mapping[str, Color] = {
    "firing": "red",
    "pending": "orange",
    "quiet": "green",
    "off": "gray",
}
CHANGES: Mapping[str, Color] = {"fired": "red", "cleared": "green", "tried": "gray"}
STATUSES: Mapping[str, Color] = {
    "logged": "gray",
    "waiting": "orange",
    "delivered": "green",
    "failed": "red",
}


@st.fragment(run_every="10s")
@errors_shown()
def alert_board(caller: Caller) -> None:
    """Every alert and the latest that was told, renewed by itself."""
    alerts = engine().alerts.list(caller)
    if not alerts:
        st.info(
            "Nothing is watched yet. **New alert** tells you when calls fail or grow slow.",
            icon=":material/notifications:",
        )
        return
    _table(alerts)
    told_table(engine().alerts.events(caller, limit=20), key="alerts-told")


def _table(alerts: Sequence[Alert]) -> None:
    ordered = sorted(alerts, key=lambda each: (list(PHASES).index(phase(each)), each.alert_name))
    st.dataframe(
        alerts_frame(ordered),
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
        go(ALERTS_PAGE, {URL.alert: ordered[opened.row].alert_name})


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


def told_table(events: Sequence[AlertEvent], *, key: str) -> None:
    """What was told, newest first, and whether it arrived."""
    st.subheader("What was told")
    if not events:
        st.caption("Nothing yet.")
        return
    rows = [
        (each.at, [each.change], each.message, [each.status], each.attempts or None, each.error)
        for each in events
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["When", "Change", "Message", "Webhook", "Attempts", "Error"]),
        key=key,
        hide_index=True,
        height="content",
        placeholder="",
        alt="What alerts told",
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            "Change": st.column_config.MultiselectColumn(
                options=list(CHANGES), color=list(CHANGES.values()), width=80
            ),
            "Webhook": st.column_config.MultiselectColumn(
                options=list(STATUSES), color=list(STATUSES.values()), width=90
            ),
            "Message": st.column_config.TextColumn(width="large"),
        },
    )

"""Alerts: where each stands, what they told, and the form that makes and changes them."""

import streamlit as st

from engine.auth import may
from pages.components.context import engine, require_caller
from pages.components.navigation import ALERTS_PAGE, back_button, go
from pages.components.state import URL
from pages.operate.alert_events import told_table
from pages.operate.alert_form import alert_form, alert_head
from pages.operate.alert_list import alert_board

caller = require_caller()
chosen = st.query_params.get(URL.alert)

if chosen == "new":
    back_button(ALERTS_PAGE, "All alerts")
    st.title("New alert")
    alert_form(None, caller)
elif chosen:
    back_button(ALERTS_PAGE, "All alerts")
    alert = engine().alerts.get(chosen, caller)
    alert_head(alert, caller)
    if may(caller, "alerts:write"):
        alert_form(alert, caller)
    told_table(engine().alerts.events(caller, chosen), key="alert-told")
else:
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.title("Alerts", width="content")
        if may(caller, "alerts:write") and st.button(
            "New alert", type="primary", icon=":material/add:", key="new-alert"
        ):
            go(ALERTS_PAGE, {URL.alert: "new"})
    alert_board(caller)

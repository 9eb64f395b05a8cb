"""Alerts: where each stands, what they told, and the form that makes and changes them."""

import streamlit as st

from engine.auth import may
from pages.components.context import engine, require_caller
from pages.components.navigation import ALERTS_PAGE, go
from pages.components.state import URL
from pages.operate.alert_form import alert_actions, alert_form
from pages.operate.alert_list import alert_board, told_table

caller = require_caller()
chosen = st.query_params.get(URL.alert)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Alert" if chosen else "Alerts", width="content")
    is_offered = not chosen and may(caller, "alerts:write")
    if is_offered and st.button(
        "New alert", type="primary", icon=":material/add:", key="new-alert"
    ):
        go(ALERTS_PAGE, {URL.alert: "new"})
if chosen == "new":
    st.page_link(ALERTS_PAGE, label="All alerts", icon=":material/arrow_back:")
    alert_form(None, caller)
elif chosen:
    st.page_link(ALERTS_PAGE, label="All alerts", icon=":material/arrow_back:")
    alert = engine().alerts.get(chosen, caller)
    if may(caller, "alerts:write"):
        alert_actions(alert, caller)
        alert_form(alert, caller)
    told_table(engine().alerts.events(caller, chosen), key="alert-told")
else:
    alert_board(caller)

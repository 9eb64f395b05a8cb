"""The alerts that are firing, in a line each."""

import streamlit as st

from engine.model import Caller
from pages.components.context import engine
from pages.components.navigation import ALERTS_PAGE
from pages.components.state import URL


def firing_alerts(caller: Caller) -> None:
    """Say what has fired and not cleared; nothing where all is quiet."""
    firing = [each for each in engine().alerts.list(caller) if each.phase == "firing"]
    for alert in firing:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.badge("firing", color="red", icon=":material/notifications_active:")
            st.page_link(
                ALERTS_PAGE, label=alert.alert_name, query_params={URL.alert: alert.alert_name}
            )
            if alert.description:
                st.caption(alert.description)

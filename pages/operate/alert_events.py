"""What alerts told, and whether it arrived."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from engine.model.alerting import AlertEvent
from pages.components.colors import Color

CHANGES: Mapping[str, Color] = {"fired": "red", "cleared": "green", "tried": "gray"}
STATUSES: Mapping[str, Color] = {
    "logged": "gray",
    "waiting": "orange",
    "delivered": "green",
    "failed": "red",
}


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

"""The audit log on the security page: who changed what, newest first, by the page."""

import json

import pandas as pd
import streamlit as st

from engine.model import Caller
from pages.components.context import engine

PAGE_SIZE = 50


def audit_log(caller: Caller) -> None:
    """Draw the log."""
    slot, number = st.container(), 1
    total = engine().audit_log.page(caller, limit=1).total
    if total > PAGE_SIZE:
        number = st.pagination(-(-total // PAGE_SIZE), key="audit-page", bind="query-params")
    if not total:
        st.info("Nobody has changed anything yet.", icon=":material/history:")
        return
    found = engine().audit_log.page(caller, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    slot.dataframe(
        pd.DataFrame(
            [
                (entry.at, entry.actor, entry.action, entry.target, json.dumps(entry.detail))
                for entry in found.items
            ],
            columns=["When", "Who", "Did", "To", "With"],
        ),
        hide_index=True,
        height="content",
        placeholder="",
        alt="Audit log",
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            "With": st.column_config.TextColumn(width="large"),
        },
    )

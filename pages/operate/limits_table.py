"""The rate limits that count something, renewed by themselves."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.model import Caller
from engine.policy_control import LimitView
from pages.components.context import engine
from pages.components.errors import errors_shown

LEVELS = {
    "per_api": "API",
    "per_user": "user of the API",
    "per_tenant": "tenant",
    "per_key": "API key",
}
COLUMNS = ("Limit of", "API", "Who", "Rate", "Used", "Calls", "Left", "Room again")


def limits_frame(limits: Sequence[LimitView]) -> pd.DataFrame:
    """One row per limit that counts something, in the order given."""
    return pd.DataFrame([_row(limit) for limit in limits], columns=list(COLUMNS))


def _row(limit: LimitView) -> tuple[object, ...]:
    return (
        LEVELS[limit.level],
        limit.api_name or "all that set it",
        limit.subject or "everybody",
        limit.rate,
        100 * limit.used / limit.limit,
        limit.used,
        limit.remaining,
        f"in {limit.reset_s:.0f} s",
    )


@st.fragment(run_every="5s")
@errors_shown()
def limits_table(caller: Caller) -> None:
    """The limits in use, renewed by itself."""
    limits = engine().policies.limits(caller)
    if not limits:
        st.info(
            "No limit counts a call now. Set a rate in an API's policy, under **Limits**, "
            "and call it.",
            icon=":material/speed:",
        )
        return
    spent = sum(limit.remaining == 0 for limit in limits)
    with st.container(horizontal=True, gap="xsmall"):
        st.badge(f"{len(limits)} in use", color="blue")
        if spent:
            st.badge(f"{spent} used up", color="violet")
    st.dataframe(
        limits_frame(limits),
        key="limits",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Rate limits in use",
        column_config={
            "Used": st.column_config.ProgressColumn(
                format="%.0f%%", min_value=0, max_value=100, width=140
            ),
            "Room again": st.column_config.TextColumn(
                help="When the oldest calls leave the window"
            ),
        },
    )

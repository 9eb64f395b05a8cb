"""How objectives are kept, as a table, and those that are not, in a line each."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.model import Caller
from engine.slo import SloReport
from pages.components.context import caller_key, engine
from pages.components.navigation import METRICS_PAGE, open_api
from pages.components.state import URL


@st.cache_data(ttl="1m", max_entries=200, show_spinner=False, hash_funcs={Caller: caller_key})
def reports_of(caller: Caller) -> tuple[SloReport, ...]:
    """Of every API that has objectives, asked for once a minute: every definition is looked at."""
    return engine().slos.reports(caller)


def objectives_table(reports: Sequence[SloReport]) -> None:
    """One row for each objective; nothing where there are none."""
    if not reports:
        return
    st.subheader("Objectives")
    frame = objectives_frame(reports)
    st.dataframe(
        frame,
        key="objectives",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Objectives, and what is left of their error budgets",
        column_config={
            "API": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", key="objective-api"
            ),
            "Kept": st.column_config.NumberColumn(format="percent"),
            "Budget left": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1, width=130
            ),
            "Burn rate": st.column_config.NumberColumn(
                format="%.2g", help="Of the last hour; above 1 the budget will not last."
            ),
            "Calls": st.column_config.NumberColumn(format="localized"),
        },
    )
    if opened := st.session_state.get("objective-api"):
        open_api(str(frame["API"].iloc[opened.row]))


def objectives_frame(reports: Sequence[SloReport]) -> pd.DataFrame:
    """One row for each objective, in the order given."""
    rows = [
        (
            report.api_name,
            f"{each.target:.4g} {each.objective}"
            + (f" within {each.limit_ms:g} ms" if each.limit_ms else ""),
            f"{report.window_days} d",
            each.calls,
            each.good_share,
            each.budget_left,
            each.burn_rate,
        )
        for report in reports
        for each in report.objectives
    ]
    columns = ["API", "Objective", "Over", "Calls", "Kept", "Budget left", "Burn rate"]
    return pd.DataFrame(rows, columns=columns)


def overspent(caller: Caller) -> None:
    """Name the APIs whose error budget is overspent; nothing where all are kept."""
    for report in reports_of(caller):
        missed = [each for each in report.objectives if not each.is_kept]
        if not missed:
            continue
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.badge("budget overspent", color="red", icon=":material/trending_down:")
            st.page_link(
                METRICS_PAGE, label=report.api_name, query_params={URL.of_api: report.api_name}
            )
            st.caption(
                ", ".join(
                    f"{each.objective}: {each.good_share:.2%} of {each.target:.4g}"
                    for each in missed
                )
            )

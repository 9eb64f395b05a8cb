"""A rule tried on what happened before: when it would have fired, and what it watched."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine.cep.backtest import Backtest
from engine.model import Caller
from pages.components.context import engine

PERIODS = {
    "1 h": timedelta(hours=1),
    "24 h": timedelta(days=1),
    "7 d": timedelta(days=7),
    "30 d": timedelta(days=30),
}
SHOWN = 200


def rule_trial(fields: Mapping[str, Any], caller: Caller, *, key: str) -> None:
    """Choose a period, and draw what would have come of it; nothing is called."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.segmented_control(
            "Over the last", list(PERIODS), default="24 h", required=True, key=f"{key}-period"
        )
        wanted = st.button("Try it", type="primary", icon=":material/science:", key=f"{key}-go")
    if not wanted:
        st.caption("Looks at recorded events and metrics. No API is called.")
        return
    until = datetime.now(UTC)
    found = engine().rules.backtest(
        fields, caller, since=until - PERIODS[chosen or "24 h"], until=until
    )
    _summary(found)
    if found.series:
        _draw(found, fields.get("trigger_spec") or {}, key)
    if found.occurrences:
        _table(found)


def _summary(found: Backtest) -> None:
    cards = st.columns(4)
    cards[0].metric("Would have fired", found.fired, border=True, format="localized")
    cards[1].metric("Events looked at", found.events, border=True, format="localized")
    cards[2].metric("Matched", found.matched, border=True, format="localized")
    cards[3].metric("Held back", found.held_back, border=True, format="localized")
    if found.unreadable:
        st.warning(
            f"{found.unreadable:,} events could not be read: {found.unreadable_why}",
            icon=":material/data_alert:",
        )


def _draw(found: Backtest, spec: Mapping[str, Any], key: str) -> None:
    frame = pd.DataFrame([(p.at, p.group, p.value) for p in found.series])
    frame.columns = ["at", "group", "value"]
    figure = go.Figure(
        [
            go.Scatter(
                name=str(group) or "value", x=part["at"], y=part["value"], mode="lines",
                line={"width": 2},
            )
            for group, part in frame.groupby("group", sort=False)
        ]
    )  # fmt: skip
    for name, hue in (("value", "#dc2626"), ("clear_value", "#0d9488")):
        if isinstance(spec.get(name), (int, float)):
            said = "fires" if name == "value" else "clears"
            figure.add_hline(
                spec[name], line={"dash": "dot", "color": hue, "width": 1.5}, annotation_text=said
            )
    marks = [each for each in found.occurrences if each.change == "fired"]
    figure.add_trace(
        go.Scatter(
            name="fires",
            x=[each.at for each in marks],
            y=[each.value for each in marks],
            mode="markers",
            marker={"color": "#dc2626", "size": 10, "symbol": "triangle-up"},
        )
    )
    figure.update_layout(
        height=300,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        yaxis={"rangemode": "tozero"},
    )
    st.plotly_chart(
        figure, key=f"{key}-chart", config={"displayModeBar": False}, alt="What the rule watched"
    )


def _table(found: Backtest) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "When": [each.at for each in found.occurrences[:SHOWN]],
                "What": [each.change for each in found.occurrences[:SHOWN]],
                "Group": [each.group for each in found.occurrences[:SHOWN]],
                "Value": [each.value for each in found.occurrences[:SHOWN]],
                "Event": [
                    str(dict(each.event.data)) if each.event else ""
                    for each in found.occurrences[:SHOWN]
                ],
            }
        ),
        hide_index=True,
        placeholder="",
        height=min(320, 40 + 35 * len(found.occurrences[:SHOWN])),
        alt="When it would have fired",
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            "Event": st.column_config.TextColumn(width="large"),
        },
    )

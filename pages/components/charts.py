"""Charts of calls over time."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

HEIGHT = 200
LEAST_SCALE = 4


def calls_chart(series: Sequence[int], *, since: datetime, until: datetime, key: str) -> None:
    """Calls per equal slice of a window as bars."""
    starts = pd.date_range(since, until, periods=len(series) + 1)[:-1]
    bars = go.Bar(
        x=starts,
        y=list(series),
        marker_color=st.get_option("theme.chartCategoricalColors")[0],
        hovertemplate="from %{x|%H:%M} · %{y} calls<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        bargap=0.15,
        yaxis={"range": [0, max(*series, LEAST_SCALE) * 1.1], "nticks": 4},
        xaxis={"range": [since, until]},
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt="Calls over time")

"""A chart of what happened in parallel lanes: coloured stretches over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
import streamlit as st

LANE_PX = 26
FRAME_PX = 70


@dataclass(frozen=True)
class Stretch:
    """One coloured piece of a lane; `start` is a time, or milliseconds."""

    lane: str
    start: datetime | float
    length_ms: float
    meaning: str
    hover: str = ""


def timeline(
    stretches: Sequence[Stretch],
    *,
    colors: Mapping[str, str],
    x_axis: Mapping[str, Any],
    key: str,
    alt: str,
) -> None:
    """Draw the lanes in the order given, the first on top.

    Args:
        colors: A CSS colour for each meaning, in the legend's order.
        x_axis: Plotly's settings of the time axis.
    """
    lanes = list(dict.fromkeys(stretch.lane for stretch in stretches))
    figure = go.Figure([_bars(name, color, stretches) for name, color in colors.items()])
    figure.update_layout(
        height=FRAME_PX + LANE_PX * len(lanes),
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        barmode="overlay",
        bargap=0.35,
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
        yaxis={"categoryorder": "array", "categoryarray": lanes[::-1], "type": "category"},
        xaxis=dict(x_axis),
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)


def _bars(meaning: str, color: str, stretches: Sequence[Stretch]) -> go.Bar:
    own = [stretch for stretch in stretches if stretch.meaning == meaning]
    return go.Bar(
        name=meaning,
        orientation="h",
        y=[stretch.lane for stretch in own],
        base=[stretch.start for stretch in own],
        x=[stretch.length_ms for stretch in own],
        marker_color=color,
        customdata=[stretch.hover for stretch in own],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=bool(own),
    )

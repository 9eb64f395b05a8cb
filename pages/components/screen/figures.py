"""The charts of screens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine.model.screen import Block, ChartType

HEIGHT = 300
FILL = "rgba(37,99,235,0.14)"
HUES = {
    "on_time": "#0d9488",
    "success": "#0d9488",
    "late": "#d97706",
    "cancelled": "#dc2626",
    "fail": "#dc2626",
}
"""Series whose names say what they are have the colour of it."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Rows = Sequence[Mapping[str, Any]]


def figure_of(block: Block, rows: Rows) -> go.Figure:
    """The chart that a block draws of rows; columns that are not there draw nothing."""
    frame = pd.DataFrame([*rows])
    figure = go.Figure(_TRACES[block.chart](block, frame))
    figure.update_layout(
        height=(block.height or HEIGHT) - 60,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        barmode="stack",
        bargap=0.18,
        hovermode="x unified" if block.chart in ("line", "area", "bar") else "closest",
        showlegend=len(figure.data) > 1 or block.chart == "pie",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        colorway=st.get_option("theme.chartCategoricalColors"),
    )
    if block.chart in ("bar", "area"):
        figure.update_yaxes(rangemode="tozero")
    return figure


def _series(block: Block, frame: pd.DataFrame) -> list[tuple[str, Any, Any]]:
    """Name, x and y of each: a column each, or one column told apart by `color`."""
    if block.color and block.color in frame and block.y:
        return [
            (str(name), part.get(block.x), part.get(block.y[0]))
            for name, part in frame.groupby(block.color, sort=False)
        ]
    return [(name, frame.get(block.x), frame.get(name)) for name in block.y if name in frame]


def _lines(block: Block, frame: pd.DataFrame) -> list[go.Scatter]:
    fill = "tozeroy" if block.chart == "area" else None
    return [
        go.Scatter(
            name=spoken(name),
            x=x,
            y=y,
            mode="markers" if block.chart == "scatter" else "lines",
            fill=fill,
            fillcolor=FILL if fill and len(block.y) == 1 else None,
            line={"width": 2, **_hue(name)},
        )
        for name, x, y in _series(block, frame)
    ]


def _bars(block: Block, frame: pd.DataFrame) -> list[go.Bar]:
    return [
        go.Bar(name=spoken(name), x=x, y=y, marker=_hue(name))
        for name, x, y in _series(block, frame)
    ]


def _heatmap(block: Block, frame: pd.DataFrame) -> list[go.Heatmap]:
    if frame.empty or not block.y or not block.color:
        return []
    grid = frame.pivot_table(
        index=block.y[0], columns=block.x, values=block.color, aggfunc="mean", sort=True
    )
    columns = [_MONTHS[int(c) - 1] if block.x == "month" else c for c in grid.columns]
    return [
        go.Heatmap(
            z=grid.to_numpy(),
            x=columns,
            y=list(grid.index),
            colorscale=[[0, "rgba(37,99,235,0.06)"], [0.35, "#60a5fa"], [1, "#dc2626"]],
            xgap=2,
            ygap=2,
            colorbar={"thickness": 8, "outlinewidth": 0},
            hovertemplate="%{y}, %{x}: %{z:.1f}<extra></extra>",
        )
    ]


def _pie(block: Block, frame: pd.DataFrame) -> list[go.Pie]:
    if frame.empty or not block.y:
        return []
    return [go.Pie(labels=frame.get(block.x), values=frame.get(block.y[0]), hole=0.55, sort=False)]


def spoken(column: str) -> str:
    """A column's name as a person writes it."""
    return column.replace("_", " ").strip().capitalize()


def _hue(name: str) -> dict[str, str]:
    return {"color": HUES[name]} if name in HUES else {}


_TRACES: Mapping[ChartType, Callable[[Block, pd.DataFrame], list[Any]]] = {
    "line": _lines,
    "area": _lines,
    "scatter": _lines,
    "bar": _bars,
    "heatmap": _heatmap,
    "pie": _pie,
}

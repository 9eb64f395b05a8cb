"""A chart of an answer: the author picks what stands where."""

from typing import Any, Literal

import pandas as pd
import plotly.express as px
import streamlit as st

Mark = Literal["Bars", "Line", "Points"]
MARKS: tuple[Mark, ...] = ("Bars", "Line", "Points")
MOST_COLORS = 12
HEIGHT = 340


def answer_chart(frame: pd.DataFrame, *, key: str) -> None:
    """Draw the choices and the chart of a table with rows."""
    columns = list(map(str, frame.columns))
    numbers = number_columns(frame)
    if not numbers:
        st.info("A chart needs a column of numbers.", icon=":material/bar_chart:")
        return
    x_first, y_first = first_choice(frame)
    signature = "-".join(columns)
    mark = st.segmented_control(
        "Chart",
        MARKS,
        default="Bars",
        required=True,
        label_visibility="collapsed",
        key=f"{key}-mark-{signature}",
    )
    left, middle, right = st.columns(3)
    x = left.selectbox("x", columns, columns.index(x_first), key=f"{key}-x-{signature}")
    y = middle.selectbox("y", numbers, numbers.index(y_first), key=f"{key}-y-{signature}")
    color = right.selectbox(
        "Colour", columns, index=None, placeholder="none", key=f"{key}-color-{signature}"
    )
    figure = figure_of(frame, mark or "Bars", x, y, color)
    st.plotly_chart(
        figure, key=f"{key}-figure", config={"displayModeBar": False}, alt=f"{y} by {x}"
    )


def number_columns(frame: pd.DataFrame) -> list[str]:
    """The columns that a length can stand for."""
    return [
        str(name)
        for name in frame.columns
        if pd.api.types.is_numeric_dtype(frame[name])
        and not pd.api.types.is_bool_dtype(frame[name])
    ]


def first_choice(frame: pd.DataFrame) -> tuple[str, str]:
    """What to put on x and y first: the first column that is no number, and the first that is."""
    numbers = number_columns(frame)
    others = [str(name) for name in frame.columns if str(name) not in numbers]
    x = others[0] if others else numbers[0]
    return x, next((name for name in numbers if name != x), numbers[0])


def figure_of(frame: pd.DataFrame, mark: Mark, x: str, y: str, color: str | None) -> Any:
    """The figure; a colour with few values gets one colour each, numbers a scale."""
    shown = frame
    if color is not None and shown[color].nunique() <= MOST_COLORS:
        shown = frame.assign(**{color: frame[color].astype(str)})
    draw = {"Bars": px.bar, "Line": px.line, "Points": px.scatter}[mark]
    figure = draw(shown, x=x, y=y, color=color)
    figure.update_layout(height=HEIGHT, margin={"l": 0, "r": 0, "t": 16, "b": 0})
    return figure

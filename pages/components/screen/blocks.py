"""Draws one block of a screen, or why it shows nothing."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

from engine.model.screen import Block, BlockType
from engine.screens.loading import BlockAnswer
from pages.components.errors import TITLES, escaped
from pages.components.navigation import RUNS_PAGE
from pages.components.screen.figures import figure_of, spoken
from pages.components.state import URL

TABLE_HEIGHT = 300
NOTHING = "\N{EN DASH}"
_DELTA_COLORS: Mapping[str, Literal["normal", "inverse", "off"]] = {
    "more": "normal",
    "less": "inverse",
    "neither": "off",
}


def draw_block(block: Block, answer: BlockAnswer, key: str) -> None:
    """Draw a block where we stand."""
    if answer.error is not None:
        _failure(block, answer, key)
    else:
        _DRAW[block.type](block, answer, key)


def _text(_: Block, answer: BlockAnswer, key: str) -> None:
    with st.container(border=True, height="stretch", key=key):
        _title(answer.title)
        st.markdown(answer.text)


def _metric(block: Block, answer: BlockAnswer, key: str) -> None:
    value, delta = answer.value, answer.delta
    change = None
    if _is_number(value) and _is_number(delta):
        change = f"{value - delta:+,.{block.decimals}f}"
    with st.container(key=key):
        st.metric(
            answer.title or spoken(block.id),
            f"{value:,.{block.decimals}f}{block.unit}" if _is_number(value) else _said(value),
            change,
            delta_color=_DELTA_COLORS[block.good],
            border=True,
            chart_data=list(answer.trend) or None,
            chart_type="area",
        )


def _table(block: Block, answer: BlockAnswer, key: str) -> None:
    frame = pd.DataFrame([*answer.rows])
    shown = [name for name in block.columns if name in frame] or list(frame.columns)
    with st.container(border=True, key=key):
        _title(answer.title)
        st.dataframe(
            frame[shown] if shown else frame,
            hide_index=True,
            height=(block.height or TABLE_HEIGHT) - 60 if len(frame) > 5 else "content",
            column_config={name: _column(block, frame, name) for name in shown},
            placeholder=NOTHING,
            alt=answer.title or block.id,
        )


def _column(block: Block, frame: pd.DataFrame, name: str) -> Any:
    heading = block.columns.get(name) or spoken(name)
    if name not in block.bars:
        return st.column_config.Column(heading)
    most = pd.to_numeric(frame[name], errors="coerce").max()
    top = float(most) if most == most and most > 0 else 1.0
    return st.column_config.ProgressColumn(heading, format="%.1f", min_value=0.0, max_value=top)


def _chart(block: Block, answer: BlockAnswer, key: str) -> None:
    with st.container(border=True, key=key):
        _title(answer.title)
        if not answer.rows:
            st.caption("There is nothing to draw for these inputs.")
            return
        st.plotly_chart(
            figure_of(block, answer.rows),
            key=f"{key}-figure",
            config={"displayModeBar": False},
            alt=answer.title or block.id,
        )


def _failure(block: Block, answer: BlockAnswer, key: str) -> None:
    error = answer.error
    if error is None:
        return
    with st.container(border=True, height="stretch", key=key):
        _title(answer.title or spoken(block.id))
        title = TITLES.get(error.type, error.type.replace("_", " ").capitalize())
        st.markdown(f":red[:material/error: **{title}**]  \n{escaped(error.message)}")
        if answer.execution_id is not None:
            st.page_link(
                RUNS_PAGE,
                label="Open the run",
                icon=":material/history:",
                query_params={URL.run: str(answer.execution_id)},
            )


def _title(title: str) -> None:
    if title:
        st.markdown(f"**{escaped(title)}**")


def _said(value: Any) -> str:
    return NOTHING if value is None else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_DRAW: Mapping[BlockType, Callable[[Block, BlockAnswer, str], None]] = {
    "text": _text,
    "metric": _metric,
    "table": _table,
    "chart": _chart,
}

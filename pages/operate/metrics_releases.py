"""Versions on the charts of an API, and what each did to its figures."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine.metrics import Figures
from engine.releases import Release

MARK = "#94a3b8"


def mark_releases(figure: go.Figure, releases: Sequence[Release]) -> None:
    """Draw a line where each version was published."""
    for release in releases:
        at = pd.Timestamp(release.at)
        figure.add_shape(
            type="line",
            x0=at,
            x1=at,
            y0=0,
            y1=1,
            yref="paper",
            line={"color": MARK, "width": 1.5, "dash": "dot"},
        )
        figure.add_annotation(
            x=at,
            y=1,
            yref="paper",
            text=f"v{release.version}",
            showarrow=False,
            xanchor="left",
            yanchor="top",
            font={"size": 11, "color": MARK},
        )


def releases_table(releases: Sequence[Release]) -> None:
    """Each version's figures beside those of the version before it."""
    if not releases:
        return
    st.subheader("Published in this time")
    st.dataframe(
        releases_frame(releases),
        key="metrics-releases",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Versions published in this time, before and after",
        column_config={
            "Release": st.column_config.TextColumn(width=75),
            "Published": st.column_config.DatetimeColumn(format="distance", width=130),
            "p95 before, ms": st.column_config.NumberColumn(format="%.1f"),
            "p95 after, ms": st.column_config.NumberColumn(format="%.1f"),
            "p95 change": st.column_config.NumberColumn(format="percent"),
            "Success before": st.column_config.NumberColumn(format="percent"),
            "Success after": st.column_config.NumberColumn(format="percent"),
        },
    )


def releases_frame(releases: Sequence[Release]) -> pd.DataFrame:
    """One row a version, the newest first."""
    rows = [
        (
            f"v{each.version}",
            each.at,
            _p95(each.before),
            _p95(each.after),
            _change(_p95(each.before), _p95(each.after)),
            each.before.success_rate if each.before else None,
            each.after.success_rate if each.after else None,
            each.change_note,
        )
        for each in reversed(releases)
    ]
    columns = [
        "Release",
        "Published",
        "p95 before, ms",
        "p95 after, ms",
        "p95 change",
        "Success before",
        "Success after",
        "Note",
    ]
    return pd.DataFrame(rows, columns=columns)


def _p95(figures: Figures | None) -> float | None:
    return figures.p95_ms if figures else None


def _change(before: float | None, after: float | None) -> float | None:
    return (after - before) / before if before and after is not None else None

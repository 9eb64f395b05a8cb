"""Charts of a window; a click on a point opens the runs of its slice."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine.metrics import Figures, MetricsReport
from engine.releases import Release
from pages.components import navigation
from pages.components.navigation import RUNS_PAGE
from pages.components.state import URL
from pages.operate.metrics_releases import mark_releases
from pages.operate.run_span import span_query

HEIGHT = 240
STATUS_HUES = {
    "success": "#6fbf8f",
    "fail": "#dc2626",
    "timeout": "#d97706",
    "rejected": "#7c3aed",
}
PERCENTILE_HUES = {"p50": "#7dd3fc", "p95": "#2563eb", "p99": "#0d9488"}
RATE_HUES = {"success": "#16a34a", "cache hits": "#2563eb"}

ValueOf = Callable[[Figures], float | None]


def calls_over_time(
    report: MetricsReport, api: str | None, releases: Sequence[Release] = ()
) -> None:
    """Calls of each slice as bars, by outcome."""
    st.subheader("Calls")
    counts: Mapping[str, ValueOf] = {
        "success": lambda each: each.success,
        "fail": lambda each: each.fail,
        "timeout": lambda each: each.timeout,
        "rejected": lambda each: each.rejected,
    }
    total = report.total
    seen = [name for name in counts if name == "success" or counts[name](total)]
    starts, points = _slices(report)
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                x=starts,
                y=[counts[name](each) for each in points],
                marker_color=STATUS_HUES[name],
                hovertemplate="%{y}",
            )
            for name in seen
        ]
    )
    figure.update_layout(barmode="stack", bargap=0.15, yaxis={"rangemode": "tozero"})
    mark_releases(figure, releases)
    clicked = _draw(figure, report, key="metrics-calls", alt="Calls over time by outcome")
    if clicked is not None:
        start, trace = clicked
        _open_runs(report, start, api, outcome=seen[trace])


def durations_over_time(
    report: MetricsReport, api: str | None, releases: Sequence[Release] = ()
) -> None:
    """Percentiles of the durations of each slice."""
    st.subheader("Duration")
    lines: Mapping[str, ValueOf] = {
        "p50": lambda each: each.p50_ms,
        "p95": lambda each: each.p95_ms,
        "p99": lambda each: each.p99_ms,
    }
    figure = _lines(report, lines, PERCENTILE_HUES, "%{y:,.1f} ms")
    figure.update_layout(yaxis={"rangemode": "tozero", "ticksuffix": " ms"})
    mark_releases(figure, releases)
    clicked = _draw(figure, report, key="metrics-durations", alt="Durations over time")
    if clicked is not None:
        _open_runs(report, clicked[0], api)


def rates_over_time(report: MetricsReport, api: str | None) -> None:
    """Success rate of each slice, and cache hit rate where anything is cached."""
    st.subheader("Success and cache hits")
    lines: dict[str, ValueOf] = {"success": lambda each: each.success_rate}
    if report.total.cache_lookups:
        lines["cache hits"] = lambda each: each.cache_hit_rate
    figure = _lines(report, lines, RATE_HUES, "%{y:.1%}")
    figure.update_layout(yaxis={"range": [-0.03, 1.05], "tickformat": ".0%", "nticks": 5})
    clicked = _draw(figure, report, key="metrics-rates", alt="Success and cache hit rate over time")
    if clicked is not None:
        _open_runs(report, clicked[0], api)


def _lines(
    report: MetricsReport, lines: Mapping[str, ValueOf], hues: Mapping[str, str], hover: str
) -> go.Figure:
    starts, points = _slices(report)
    return go.Figure(
        [
            go.Scatter(
                name=name,
                x=starts,
                y=[value_of(each) for each in points],
                mode="lines+markers",
                marker={"size": 5},
                line={"color": hues[name], "width": 2},
                hovertemplate=hover,
            )
            for name, value_of in lines.items()
        ]
    )


def _slices(report: MetricsReport) -> tuple[Sequence[pd.Timestamp], Sequence[Figures]]:
    starts = [pd.Timestamp(point.start) for point in report.series]
    return starts, [point.figures for point in report.series]


def _draw(
    figure: go.Figure, report: MetricsReport, *, key: str, alt: str
) -> tuple[pd.Timestamp, int] | None:
    """Show a chart; the slice and the trace of the point that was clicked."""
    half_a_slice = timedelta(seconds=report.step_s / 2)  # a bar stands on its slice's beginning
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
        showlegend=True,
        hovermode="x unified",
        xaxis={"range": [report.since - half_a_slice, report.until - half_a_slice]},
    )
    event = st.plotly_chart(
        figure,
        key=key,
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False},
        alt=alt,
    )
    points = event["selection"]["points"]
    if not points:
        return None
    return slice_of(points[0]["x"]), int(points[0]["curve_number"])


def slice_of(x: str) -> pd.Timestamp:
    """The beginning of a slice as a chart tells it: a time in UTC, with or without saying so."""
    moment = pd.Timestamp(x)
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")


def _open_runs(
    report: MetricsReport, start: pd.Timestamp, api: str | None, *, outcome: str | None = None
) -> None:
    begin = start.to_pydatetime()
    query = span_query(begin, begin + timedelta(seconds=report.step_s))
    if api:
        query[URL.of_api] = api
    if outcome:
        query[URL.outcome] = outcome
    navigation.go(RUNS_PAGE, query)

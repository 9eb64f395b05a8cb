"""Who and what stands behind the figures of a window, as short tables."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import streamlit as st

from engine.metrics import ErrorGroup, Figures, Group, GroupBy, MetricsQuery, MetricsReport
from engine.model import Caller
from pages.components.context import engine
from pages.components.navigation import open_api, open_run

SHOWN = 6
COUNT = st.column_config.NumberColumn(format="localized", width=70)
SHARE = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=110)
PERCENT = st.column_config.NumberColumn(format="percent", width=75)
DURATION = st.column_config.NumberColumn(format="%.1f", width=80)


def errors_table(errors: Sequence[ErrorGroup], report: MetricsReport) -> None:
    """Errors by cause and API; a click on a cause opens its newest run."""
    st.subheader("Errors by cause")
    if not errors:
        st.success("No call ended with an error.", icon=":material/check_circle:")
        return
    total = sum(error.calls for error in errors)
    shown = errors[:SHOWN]
    st.dataframe(
        errors_frame(shown, report.total.calls),
        key="metrics-errors",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Errors by cause",
        column_config={
            "Cause": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", help="Open the newest", key="metrics-cause"
            ),
            "Calls": COUNT,
            "Of all": PERCENT,
            "Last": st.column_config.DatetimeColumn(format="distance", width=130),
        },
    )
    if len(errors) > SHOWN:
        rest = total - sum(error.calls for error in shown)
        st.caption(f"and {rest:,} calls with {len(errors) - SHOWN} other causes")
    if opened := st.session_state.get("metrics-cause"):
        open_run(shown[opened.row].example_id)


def errors_frame(errors: Sequence[ErrorGroup], calls: int) -> pd.DataFrame:
    """One row per cause and API."""
    rows = [
        (each.cause, each.api_name, each.calls, each.calls / calls, each.last_at) for each in errors
    ]
    return pd.DataFrame(rows, columns=["Cause", "API", "Calls", "Of all", "Last"])


def apis_tables(query: MetricsQuery, caller: Caller) -> None:
    """The APIs that are called most, take longest and fail most often."""
    groups = _groups(query, "api", caller)
    busiest, slowest, failing = st.columns(3, gap="large")
    with busiest:
        st.subheader("Busiest")
        _apis(_top(groups, lambda each: each.calls), "busiest", ["Calls", "Success"])
    with slowest:
        st.subheader("Slowest")
        _apis(_top(groups, lambda each: each.p95_ms or 0), "slowest", ["p95 ms", "p50 ms"])
    with failing:
        st.subheader("Failing most")
        found = _top(groups, failures)
        if found:
            _apis(found, "failing", ["Failures", "Success"])
        else:
            st.caption("None failed.")


def callers_tables(query: MetricsQuery, caller: Caller) -> None:
    """Who called an API through which door, and how its versions compare."""
    titles: dict[GroupBy, str] = {"user": "Callers", "version": "Versions", "source": "Doors"}
    for column, (group_by, title) in zip(st.columns(3, gap="large"), titles.items(), strict=True):
        with column:
            st.subheader(title)
            groups = _groups(query, group_by, caller)[:SHOWN]
            st.dataframe(
                groups_frame(groups, title[:-1], [group.value for group in groups]),
                key=f"metrics-{group_by}",
                hide_index=True,
                height="content",
                placeholder="",
                alt=title,
                column_order=[title[:-1], "Calls", "Success", "p95 ms"],
                column_config={"Calls": COUNT, "Success": PERCENT, "p95 ms": DURATION},
            )


def groups_frame(groups: Sequence[Group], what: str, names: Sequence[str]) -> pd.DataFrame:
    """One row per group, in the order given, named in the column `what`."""
    rows = [
        (
            name,
            each.total.calls,
            failures(each.total),
            each.total.success_rate,
            each.total.p50_ms,
            each.total.p95_ms,
        )
        for name, each in zip(names, groups, strict=True)
    ]
    columns = [what, "Calls", "Failures", "Success", "p50 ms", "p95 ms"]
    return pd.DataFrame(rows, columns=columns)


def failures(figures: Figures) -> int:
    """Calls that failed or ran out of time."""
    return figures.fail + figures.timeout


def _groups(query: MetricsQuery, group_by: GroupBy, caller: Caller) -> tuple[Group, ...]:
    """The groups of a window, of a long one by whole hours: nothing is drawn over time here."""
    step = timedelta(hours=1) if query.window >= timedelta(days=1) else None
    asked = replace(query, group_by=group_by, step=step)
    return engine().metrics.report(asked, caller).groups


def _top(groups: Sequence[Group], measure: Callable[[Figures], float]) -> list[Group]:
    found = [group for group in groups if group.api_id and measure(group.total)]
    return sorted(found, key=lambda group: -measure(group.total))[:SHOWN]


def _apis(groups: Sequence[Group], key: str, columns: Sequence[str]) -> None:
    st.dataframe(
        groups_frame(groups, "API", [group.label for group in groups]),
        key=f"metrics-{key}",
        hide_index=True,
        height="content",
        placeholder="",
        alt=f"The APIs that are {key}",
        column_order=["API", *columns],
        column_config={
            "API": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", help="Open the API", key=f"metrics-{key}-api"
            ),
            "Calls": COUNT,
            "Failures": COUNT,
            "Success": SHARE,
            "p50 ms": DURATION,
            "p95 ms": DURATION,
        },
    )
    if opened := st.session_state.get(f"metrics-{key}-api"):
        open_api(groups[opened.row].label)

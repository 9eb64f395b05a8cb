"""How an API fares: whether it is well, its figures of a day, and the ways to more of them."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from engine.model import ApiDefinition, Caller
from engine.ports import ApiUsage, BreakerSnapshot
from pages.components.colors import Color
from pages.components.context import engine
from pages.components.navigation import METRICS_PAGE, RUNS_PAGE
from pages.components.result_view import counted, duration
from pages.components.state import URL
from pages.operate.breaker_views import STATE_COLORS, state_word

WELL = 0.99
"""The share of successes from which on an API is called healthy."""

POOR = 0.9


def usage_cards(api: ApiDefinition, caller: Caller) -> None:
    """Draw the health, and the figures of the last 24 hours where there are any."""
    since = datetime.now(UTC) - timedelta(hours=24)
    used = next((u for u in engine().logs.summary(since, caller) if u.api_id == api.id), None)
    _health(api, used, engine().policies.breaker_of(api, caller))
    if used is None:
        return
    rate = used.success_rate
    calls, success, median, p95 = st.columns(4)
    calls.metric(
        "Calls, 24 h",
        used.calls,
        border=True,
        height="stretch",
        format="localized",
        chart_data=list(used.series),
        chart_type="bar",
    )
    success.metric(
        "Success",
        "none ran" if rate is None else f"{100 * rate:.1f}%",
        border=True,
        height="stretch",
        help="Of the calls that ran; refused ones are left out.",
    )
    median.metric("p50", duration(used.p50_ms), border=True, height="stretch")
    p95.metric("p95", duration(used.p95_ms), border=True, height="stretch")


def health_of(used: ApiUsage | None) -> tuple[str, Color, str]:
    """A word, its colour and its icon for how the calls of a day went."""
    rate = used.success_rate if used else None
    if used is None or rate is None:
        return "no calls in 24 hours", "gray", "history"
    if rate >= WELL:
        return "healthy", "green", "check_circle"
    failures = counted(used.failures, "failure")
    return f"{failures} in 24 hours", "orange" if rate >= POOR else "red", "error"


def _health(api: ApiDefinition, used: ApiUsage | None, breaker: BreakerSnapshot | None) -> None:
    word, color, icon = health_of(used)
    of_api = {URL.of_api: api.api_name}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(word, color=color, icon=f":material/{icon}:")
        if breaker is not None:
            state = state_word(breaker)
            st.badge(
                f"circuit {state}",
                color=STATE_COLORS.get(state, "gray"),
                icon=":material/electric_bolt:",
            )
        if used is not None and used.failures:
            st.page_link(
                RUNS_PAGE,
                label="What failed",
                icon=":material/bug_report:",
                query_params={**of_api, URL.outcome: "fail"},
            )
        st.page_link(
            METRICS_PAGE, label="Metrics", icon=":material/monitoring:", query_params=of_api
        )

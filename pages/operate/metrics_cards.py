"""The figures of a window as cards."""

import streamlit as st

from engine.metrics import MetricsReport
from engine.ports import JournalStats

NOTHING = "none"
CARD_PX = 120


def cards(report: MetricsReport) -> None:
    """Draw the cards."""
    total = report.total
    with st.grid(7, min_column_width=CARD_PX):
        st.metric("Calls", total.calls, border=True, format="localized")
        st.metric("Success", percent(total.success_rate), border=True, help=SUCCESS_MEANS)
        st.metric("p95", milliseconds(total.p95_ms), border=True, help=P95_MEANS)
        st.metric("Cache hits", percent(total.cache_hit_rate), border=True, help=HITS_MEANS)
        st.metric("Retries", total.retries, border=True, format="localized")
        st.metric("Breaker trips", total.breaker_trips, border=True, format="localized")
        st.metric("Rate limited", total.rate_limited, border=True, format="localized")


SUCCESS_MEANS = "Of the calls that ran. Rejected ones are left out: they never reached the target."
P95_MEANS = "95 of 100 calls that ran took no longer."
HITS_MEANS = "Of the calls of APIs that cache their answers."


def backlog_warning(journal: JournalStats) -> None:
    """Say when this process cannot record what it runs, or had to refuse calls for it."""
    if journal.failure is not None:
        st.warning(
            f"{journal.pending:,} executions wait in the journal for the metadata database: "
            f"{journal.failure}. They are safe, and figures are incomplete until they follow.",
            icon=":material/hourglass_top:",
        )
    if journal.refused:
        st.warning(
            f"{journal.refused:,} calls were refused since the start, because too much waited.",
            icon=":material/block:",
        )


def percent(share: float | None) -> str:
    """A share for reading; what rounds to 100 % but is less stays below."""
    if share is None:
        return NOTHING
    return f"{min(share, 0.9999) * 100:.2f}%" if 0.9995 <= share < 1 else f"{share:.1%}"


def milliseconds(duration_ms: float | None) -> str:
    """A duration for reading."""
    if duration_ms is None:
        return NOTHING
    if duration_ms >= 1000:
        return f"{duration_ms / 1000:,.2f} s"
    return f"{duration_ms:.0f} ms" if duration_ms >= 10 else f"{duration_ms:.1f} ms"

"""The stretch of time that a link to the runs may carry instead of a window."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.state import URL

Span = tuple[datetime, datetime]


def span_filter() -> Span | None:
    """Show the stretch that the URL names, with a way out of it; None when it names none."""
    span = span_of(st.query_params.get(URL.begin), st.query_params.get(URL.end))
    if span is not None:
        begin, end = span
        day = "" if begin.date() == end.date() else f"{end:%Y-%m-%d} "
        st.button(
            f"{begin:%Y-%m-%d %H:%M} to {day}{end:%H:%M} UTC",
            icon=":material/close:",
            help="Show the runs of the chosen window again",
            key="clear-span",
            on_click=_forget,
        )
    return span


def span_query(begin: datetime, end: datetime) -> dict[str, str]:
    """The query parameters that name a stretch."""
    return {URL.begin: f"{begin.astimezone(UTC):%FT%TZ}", URL.end: f"{end.astimezone(UTC):%FT%TZ}"}


def span_of(begin: str | None, end: str | None) -> Span | None:
    """The stretch between two times as a URL has them; None unless both are there and readable."""
    try:
        first, last = (datetime.fromisoformat(text or "") for text in (begin, end))
    except ValueError:
        return None
    if first.tzinfo is None or last.tzinfo is None or first >= last:
        return None
    return first.astimezone(UTC), last.astimezone(UTC)


def _forget() -> None:
    for name in (URL.begin, URL.end):
        st.query_params.pop(name, None)

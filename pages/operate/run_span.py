"""The stretch of time that replaces the window of the list of runs: typed, or from a link."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.state import URL

Span = tuple[datetime | None, datetime | None]
"""Begin and end; one of them may be open."""

STEP_S = 60


def span_filter() -> Span | None:
    """Draw the stretch that the URL names, and the form that changes it; None when it names none.

    The form writes the URL itself: a widget bound to it would drop the seconds of a link.
    """
    span = span_of(st.query_params.get(URL.begin), st.query_params.get(URL.end))
    with st.popover(
        span_words(span) if span else "From, to",
        icon=":material/date_range:",
        key="span",
        help="Runs between two times, instead of the latest",
    ):
        _span_form(span)
    return span


def _span_form(span: Span | None) -> None:
    begin, end = span or (None, None)
    shown = f"{begin}-{end}"
    with st.form("span-form", border=False):
        st.caption("Times in UTC; leave one empty for an open end.")
        first = st.datetime_input("From", _naive(begin), key=f"span-from-{shown}", step=STEP_S)
        last = st.datetime_input("To", _naive(end), key=f"span-to-{shown}", step=STEP_S)
        with st.container(horizontal=True, gap="small"):
            shows = st.form_submit_button("Show", type="primary", key="show-span")
            clears = st.form_submit_button(
                "Clear", icon=":material/close:", key="clear-span", disabled=span is None
            )
    if first and last and first >= last:
        st.warning("**From** has to be before **To**.", icon=":material/date_range:")
    elif clears or (shows and (first or last)):
        _keep((None, None) if clears else (_utc(first), _utc(last)))
        st.rerun()


def span_words(span: Span) -> str:
    """The stretch for reading."""
    begin, end = span
    if begin is None or end is None:
        return f"since {begin:%Y-%m-%d %H:%M} UTC" if begin else f"until {end:%Y-%m-%d %H:%M} UTC"
    day = "" if begin.date() == end.date() else f"{end:%Y-%m-%d} "
    return f"{begin:%Y-%m-%d %H:%M} to {day}{end:%H:%M} UTC"


def span_query(begin: datetime | None, end: datetime | None) -> dict[str, str]:
    """The query parameters that name a stretch."""
    ends = {URL.begin: begin, URL.end: end}
    return {name: f"{each.astimezone(UTC):%FT%TZ}" for name, each in ends.items() if each}


def span_of(begin: str | None, end: str | None) -> Span | None:
    """The stretch between two times as a URL has them; None when it has none that can be read."""
    try:
        first, last = (datetime.fromisoformat(text) if text else None for text in (begin, end))
    except ValueError:
        return None
    ends = [each for each in (first, last) if each is not None]
    if not ends or any(each.tzinfo is None for each in ends):
        return None
    if first is not None and last is not None and first >= last:
        return None
    return first and first.astimezone(UTC), last and last.astimezone(UTC)


def _keep(span: Span) -> None:
    for name in (URL.begin, URL.end):
        st.query_params.pop(name, None)
    st.query_params.update(span_query(*span))


def _naive(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=None, second=0)


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)

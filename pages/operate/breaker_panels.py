"""Breakers as they stand, and what they went through."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from engine.model import Caller
from engine.model.listing import BreakerOrder, BreakerQuery
from engine.policy_control import breaker_page
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.listing import (
    PAGE_SIZE,
    filter_row,
    nothing_matches,
    order_box,
    page_of,
    search_box,
)
from pages.components.result_view import TABLE_HEIGHT
from pages.components.state import URL
from pages.components.timeline import timeline
from pages.operate.breaker_views import (
    LANE_COLORS,
    STATE_COLORS,
    breaker_frame,
    state_word,
    stretches,
)

WINDOWS = {"15 min": timedelta(minutes=15), "1 h": timedelta(hours=1), "24 h": timedelta(days=1)}
ORDERS: Mapping[BreakerOrder, str] = {
    "trouble": "in trouble first",
    "name": "by name",
    "trips": "most trips first",
}
TRANSITIONS = 500


def breaker_table(caller: Caller) -> None:
    """The breakers that are looked for as they stand, renewed by themselves."""
    with filter_row():
        text = search_box("breakers-q", "Name or API")
        order = order_box(ORDERS, "breakers-sort", width=180)
    _current(BreakerQuery(q=text, sort=order, limit=PAGE_SIZE), caller)


@st.fragment(run_every="5s")
@errors_shown()
def _current(query: BreakerQuery, caller: Caller) -> None:
    views = engine().policies.breakers(caller)
    words = [state_word(view.snapshot) for view in views]
    with st.container(horizontal=True, gap="xsmall"):
        for word in (each for each in STATE_COLORS if each in words):
            st.badge(f"{words.count(word)} {word}", color=STATE_COLORS[word])
    slot = st.container()
    found = page_of(
        lambda offset: breaker_page(views, query.model_copy(update={"offset": offset})),
        "breakers-p",
    )
    if not found.total:
        nothing_matches("breaker")
        return
    slot.dataframe(
        breaker_frame(found.items),
        key="breakers",
        hide_index=True,
        height=min(TABLE_HEIGHT, 38 + 35 * len(found.items)),
        placeholder="",
        alt="Circuit breakers",
        column_config={
            "Breaker": st.column_config.TextColumn(width=200),
            "State": st.column_config.MultiselectColumn(
                options=list(STATE_COLORS), color=list(STATE_COLORS.values())
            ),
            "Failures": st.column_config.TextColumn(help="In a row", width=80),
            "Trips": st.column_config.NumberColumn(help="How often it opened", width=60),
            "Rule": st.column_config.TextColumn(width=230),
            "Reason": st.column_config.TextColumn(width=180),
            "Opened": st.column_config.DatetimeColumn(format="distance", width=120),
            "Tries again": st.column_config.TextColumn(width=90),
        },
    )


def breaker_lanes(since: datetime, until: datetime, caller: Caller, *, api: str | None) -> None:
    """The breakers that changed in a window, of one API or of all, as a timeline."""
    changes = engine().policies.transitions(caller, api=api, limit=TRANSITIONS)
    lanes = stretches(changes, since=since, until=until)
    if not lanes:
        return
    st.subheader("Circuit breakers")
    timeline(
        lanes,
        colors=LANE_COLORS,
        x_axis={"type": "date", "range": [since, until]},
        key="metrics-breakers",
        alt="States of the breakers over time",
    )


@st.fragment
@errors_shown()
def breaker_history(caller: Caller) -> None:
    """The breakers that changed in a window, as a timeline and as a list."""
    window = st.segmented_control(
        "Changes of the last",
        list(WINDOWS),
        default="15 min",
        required=True,
        key=URL.window,
        bind="query-params",
    )
    until = datetime.now(UTC)
    since = until - WINDOWS[window or "15 min"]
    transitions = engine().policies.transitions(caller, limit=TRANSITIONS)
    if not (lanes := stretches(transitions, since=since, until=until)):
        st.info("No breaker changed its state in this time.", icon=":material/check_circle:")
        return
    timeline(
        lanes,
        colors=LANE_COLORS,
        x_axis={"type": "date", "range": [since, until]},
        key="breaker-timeline",
        alt="States of the breakers over time",
    )
    st.dataframe(
        [
            {
                "When": change.at,
                "Breaker": change.breaker,
                "Change": f"{change.from_state} → {change.to_state}".replace("_", " "),
                "Reason": change.reason,
                "By": change.by,
            }
            for change in transitions
            if change.at >= since
        ],
        key="transitions",
        hide_index=True,
        placeholder="",
        alt="Changes of state",
        column_config={"When": st.column_config.DatetimeColumn(format="HH:mm:ss")},
    )

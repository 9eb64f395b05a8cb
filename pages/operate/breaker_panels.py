"""Breakers as they stand, and what they went through."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from engine.model import Caller
from pages.components.context import engine
from pages.components.errors import errors_shown
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
TRANSITIONS = 500
SHOWN = 200


@st.fragment(run_every="5s")
@errors_shown()
def breaker_table(caller: Caller) -> None:
    """Every breaker as it stands, renewed by itself."""
    views = engine().policies.breakers(caller)
    words = [state_word(view.snapshot) for view in views]
    with st.container(horizontal=True, gap="xsmall"):
        for word in (each for each in STATE_COLORS if each in words):
            st.badge(f"{words.count(word)} {word}", color=STATE_COLORS[word])
    shown = breaker_frame(views)[:SHOWN]
    st.dataframe(
        shown,
        key="breakers",
        hide_index=True,
        height=min(TABLE_HEIGHT, 38 + 35 * len(shown)),
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
    if len(views) > SHOWN:
        st.caption(f"{SHOWN} of {len(views):,}, those in trouble first; choose any of them below.")


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

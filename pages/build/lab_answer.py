"""What a lab run showed: timeline, table, and the policy trace of each call."""

from collections.abc import Sequence

import streamlit as st

from engine.model import ExecutionResult
from pages.build.lab_views import LANE_COLORS, lab_frame, lab_stretches
from pages.components.colors import STATUS_COLORS
from pages.components.result_view import outcome_line, trace_strip
from pages.components.timeline import timeline
from pages.operate.breaker_views import STATE_COLORS

STRIPS = 10


def lab_answer(results: Sequence[ExecutionResult]) -> None:
    """The calls as a timeline, as a table, and each one's policy trace."""
    st.subheader("What happened")
    timeline(
        lab_stretches(results),
        colors=LANE_COLORS,
        x_axis={"rangemode": "tozero", "title": "milliseconds since the call began"},
        key="lab-timeline",
        alt="What each call spent its time on",
    )
    st.dataframe(
        lab_frame(results),
        key="lab-calls-table",
        hide_index=True,
        height="content",
        placeholder="",
        alt="The calls of this run",
        column_config={
            "Call": st.column_config.NumberColumn(pinned=True, width=50),
            "Outcome": st.column_config.MultiselectColumn(
                options=list(STATUS_COLORS), color=list(STATUS_COLORS.values())
            ),
            "Breaker": st.column_config.MultiselectColumn(
                options=list(STATE_COLORS),
                color=list(STATE_COLORS.values()),
                help="After the call",
            ),
            "Calls left": st.column_config.NumberColumn(help="Of the fullest rate limit"),
            "Error": st.column_config.TextColumn(width="large"),
        },
    )
    st.subheader("Policy trace of each call")
    number = 1
    if len(results) > STRIPS:
        number = st.pagination(-(-len(results) // STRIPS), key="lab-strips")
    first = (number - 1) * STRIPS
    for index, result in enumerate(results[first : first + STRIPS], first + 1):
        st.markdown(f"**{index}** · {outcome_line(result)}")
        trace_strip(result.trace)

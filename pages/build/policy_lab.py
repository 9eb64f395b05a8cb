"""The policy lab: calls in series with faults injected, and how the policies react."""

from collections.abc import Sequence

import streamlit as st

from engine.model import ApiQuery, ExecutionResult
from engine.policy_lab import MAX_RUN_S
from pages.build.lab_form import lab_form
from pages.build.lab_views import LANE_COLORS, lab_frame, lab_stretches, policy_line
from pages.components.colors import STATUS_COLORS
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import API_PAGE, api_link
from pages.components.result_view import outcome_line, trace_strip
from pages.components.state import LAB_RUNS, URL
from pages.components.timeline import timeline
from pages.operate.breaker_views import STATE_COLORS

STRIPS = 10
LISTED = 500


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


caller = require_caller()
st.title("Policy lab")
st.markdown(
    "Let an API's target fail and see how its policies react. Limits, breaker and cache of a run "
    "are made for it and thrown away: nobody else notices."
)
names = [each.api_name for each in engine().apis.search(ApiQuery(limit=LISTED), caller).items]
if not names:
    st.info("There are no APIs yet. **New API** starts one.", icon=":material/api:")
    st.stop()

left, right = st.columns([2, 3], gap="large")
with left:
    name = st.selectbox("API", names, key=URL.api, bind="query-params")
    api = engine().apis.working_copy(name, caller)
    st.caption(policy_line(api))
    st.page_link(
        API_PAGE, label="Change its policy", icon=":material/edit:", query_params=api_link(name)
    )
    plan = lab_form(api, caller)

runs = LAB_RUNS.get()
with right, errors_shown():
    if plan:
        with st.spinner(f"Calling it {plan.calls} times, {MAX_RUN_S:g} s at most"):
            runs[str(api.id)] = engine().lab.run(api, plan, caller)
        if len(runs[str(api.id)]) < plan.calls:
            st.warning(
                f"The time was over after {len(runs[str(api.id)])} of {plan.calls} calls.",
                icon=":material/timer:",
            )
    if last := runs.get(str(api.id)):
        lab_answer(last)
    else:
        st.info("Choose what goes wrong, then **Run**.", icon=":material/science:")

"""The policy lab: calls in series with faults injected, and how the policies react."""

import streamlit as st

from engine.model import ApiQuery
from engine.policy_lab import MAX_RUN_S
from pages.build.lab_answer import lab_answer
from pages.build.lab_form import lab_form
from pages.build.lab_views import policy_line
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import API_PAGE, api_link
from pages.components.state import LAB_RUNS, URL

LISTED = 500

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

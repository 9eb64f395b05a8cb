"""The policy lab: calls in series with faults injected, and how the policies react."""

import streamlit as st

from pages.build.lab_answer import lab_answer
from pages.build.lab_form import lab_form
from pages.build.lab_run import lab_run
from pages.build.lab_views import policy_line
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import API_PAGE, api_link
from pages.components.state import URL

LEAST_PX = 165
"""Of a fifth of the page; below it the answer stands under the form."""

caller = require_caller()
st.title("Policy lab")
st.markdown(
    "Let an API's target fail and see how its policies react. Limits, breaker and cache of a run "
    "are made for it and thrown away: nobody else notices."
)
names = list(engine().apis.names(caller))
if not names:
    st.info("There are no APIs yet. **New API** starts one.", icon=":material/api:")
    st.stop()

bench = st.grid(5, min_column_width=LEAST_PX, gap="large")
left, right = bench.cell(column_span=2), bench.cell(column_span=3)
with left:
    name = st.selectbox("API", names, key=URL.api, bind="query-params")
    api = engine().apis.working_copy(name, caller)
    st.caption(policy_line(api))
    st.page_link(
        API_PAGE, label="Change its policy", icon=":material/edit:", query_params=api_link(name)
    )
    plan = lab_form(api, caller)

with right, errors_shown():
    last = lab_run(api, plan, caller)
    if last:
        lab_answer(last)
    elif last is not None:
        st.info("Choose what goes wrong, then **Run**.", icon=":material/science:")

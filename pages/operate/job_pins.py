"""A dialog that runs a job's API again, with some of its steps taken as done."""

import streamlit as st

from engine.model import Caller
from engine.model.job import Job
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import open_job, say
from pages.components.param_form import json_input


@st.dialog("Run with pinned steps", width="large", icon=":material/keep:")
@errors_shown()
def run_with_pins(job: Job, caller: Caller) -> None:
    """Choose steps, look at their data and change it, and start the job."""
    outputs = engine().jobs.outputs(job.id, caller)
    st.markdown("A pinned step is not run: the data below takes the place of its answer.")
    chosen = st.multiselect(
        "Pinned steps",
        [node.node_id for node in job.nodes],
        default=list(outputs),
        key=f"pins-{job.id}",
    )
    pinned = {
        name: json_input(f"Data of {name}", f"pin-{job.id}-{name}", outputs.get(name))
        for name in chosen
    }
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="start-pinned"):
        again = engine().jobs.run_again(job.id, caller, pinned=pinned)
        say("It runs as a new job")
        open_job(again.id)

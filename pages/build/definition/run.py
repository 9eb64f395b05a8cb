"""Runs the live version with parameters from a form."""

from dataclasses import replace

import streamlit as st

from engine.call import ExecutionRequest
from engine.executor_policies import effective_timeout_s
from engine.jobs import JobOrder
from engine.model import ApiDefinition, Caller, ExecutionResult
from pages.components.choices import choices_for
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import open_job, open_run
from pages.components.param_form import json_input, param_form, with_values
from pages.components.result_view import result_view
from pages.components.run_inputs import given_inputs, run_link
from pages.components.running import Running, running_view
from pages.components.state import LAST_RESULTS, RUNNING_CALLS
from pages.components.workflow.run_view import workflow_result
from pages.components.workflow.tree import read


@st.fragment
@errors_shown()
def run_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the form and the last result."""
    if api.version == 0:
        st.info(
            "It was never published, so there is nothing live to run. **Edit** previews the draft.",
            icon=":material/edit:",
        )
        return
    key = str(api.id)
    given = given_inputs(api, caller)
    form_key = f"{key}-{given.rev}"
    with st.form(f"run-{form_key}", border=bool(api.param_schema)):
        schema = with_values(api.param_schema, given.params)
        form = param_form(schema, key=f"run-{form_key}", choices=choices_for(caller))
        payload = (
            None
            if api.logic_type == "sql"
            else json_input("Input payload", f"payload-{form_key}", given.input_payload)
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            run = st.form_submit_button(
                "Run",
                type="primary",
                icon=":material/play_arrow:",
                shortcut="Ctrl+Enter",
                key="run",
            )
            as_job = st.form_submit_button(
                "Start as job",
                icon=":material/pending_actions:",
                key="run-as-job",
                help="It goes on without you; the page Jobs shows how far it is.",
            )
            fresh = st.checkbox(
                "Skip the cache", key=f"fresh-{key}", help="The answer is stored again."
            )
    with st.popover("Link to these inputs", icon=":material/link:", type="tertiary", key="link"):
        st.caption("It opens this form with the inputs of the last run filled in.")
        st.code(run_link(api, form.values, payload), None, wrap_lines=True)
    if as_job:
        order = JobOrder(api=key, params=form.values, input_payload=payload, source="ui")
        open_job(engine().jobs.submit(order, caller).id)
    results, calls = LAST_RESULTS.get(), RUNNING_CALLS.get()
    if run:
        request = ExecutionRequest(
            api=key,
            params=form.values,
            input_payload=payload,
            source="ui",
            refresh=fresh,
            want_trace=True,
        )
        calls[key] = _begun(api, request, caller)
    if call := calls.get(key):
        if call.is_running:
            running_view(call, lambda: "The call is running", key="run")
            return
        results[key] = calls.pop(key).result()
    if last := results.get(key):
        form.point_out(last.error.details if last.error else {})
        if last.steps:
            workflow_result(last, read(api.logic_body), caller, key=f"answer-{key}")
        else:
            result_view(last, key=f"answer-{key}")
        if st.button("Open in the log", icon=":material/history:", type="tertiary", key="to-log"):
            open_run(last.execution_id)


def _begun(
    api: ApiDefinition, request: ExecutionRequest, caller: Caller
) -> Running[ExecutionResult]:
    eng = engine()
    return Running.start(
        lambda cancellation: eng.run(replace(request, cancellation=cancellation), caller),
        limit_s=effective_timeout_s(api.logic_type, api.runtime_policy),
    )

"""Runs the draft of a workflow as a test and shows what came of it."""

from dataclasses import replace
from typing import Any

import streamlit as st

from engine.cancellation import Cancellation
from engine.model import ApiDefinition, Caller, ExecutionResult
from engine.ports import StepWatcher, WorkflowRunOptions
from pages.build.definition import working_copy
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.param_form import ParamForm
from pages.components.result_view import result_details
from pages.components.running import running_view
from pages.components.state import WorkingCopy
from pages.components.workflow.desk import WorkflowDesk
from pages.components.workflow.live_run import LiveRun
from pages.components.workflow.run_view import run_timeline


def begin(
    api: ApiDefinition,
    work: WorkingCopy,
    desk: WorkflowDesk,
    caller: Caller,
    form: ParamForm,
    payload: Any,
) -> None:
    """Start a test of the body at hand, up to the step that was asked for."""
    until, desk.until = desk.until, None
    with errors_shown():
        request = working_copy.draft_request(
            api,
            work,
            body=desk.body,
            params=form.values,
            input_payload=payload,
        )
        eng, pinned = engine(), dict(desk.pinned)

        def run(watcher: StepWatcher, cancellation: Cancellation) -> ExecutionResult:
            options = WorkflowRunOptions(until=until, pinned=pinned, watcher=watcher)
            test = replace(request, workflow=options, cancellation=cancellation)
            return eng.run(test, caller)

        if desk.run is not None:
            desk.run.call.cancel()
        desk.run = LiveRun(desk.body, run, limit_s=working_copy.timeout_s(work))
        # What was drawn so far shows the run before.
        st.rerun()


def settle_run(work: WorkingCopy, desk: WorkflowDesk) -> None:
    """Take over the outcome of a run that has ended."""
    if desk.run is not None and not desk.run.is_running:
        work.result = (desk.run.result(), desk.run.body)
        desk.run = None


def outcome(work: WorkingCopy, desk: WorkflowDesk, form: ParamForm) -> None:
    """The last test: the answer or the error, and when each step ran."""
    if desk.run is not None:
        running_view(desk.run.call, desk.run.words, key="preview")
        return
    if work.result is None:
        st.info("**Ctrl+Enter** runs the draft on real data.", icon=":material/play_arrow:")
        return
    result = work.result[0]
    form.point_out(result.error.details if result.error else {})
    if result.steps:
        run_timeline(result.steps, key="preview-timeline")
    result_details(result, key="preview-answer")

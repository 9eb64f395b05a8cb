"""One run of the policy lab: begun, looked at, stopped, and its outcomes."""

from collections.abc import Sequence

import streamlit as st

from engine.cancellation import Cancellation
from engine.model import ApiDefinition, Caller, ExecutionResult
from engine.policy_lab import MAX_RUN_S, LabPlan
from pages.components.context import engine
from pages.components.running import Running, running_view
from pages.components.state import LAB_RUNS, LabRun


def lab_run(
    api: ApiDefinition, plan: LabPlan | None, caller: Caller
) -> Sequence[ExecutionResult] | None:
    """Begin a run when there is a plan; the outcomes of the last run, None while it goes on."""
    runs, key = LAB_RUNS.get(), str(api.id)
    if plan is not None:
        if key in runs:
            runs[key].work.cancel()
        runs[key] = _begun(api, plan, caller)
    run = runs.get(key)
    if run is None:
        return ()
    if run.work.is_running:
        running_view(run.work, run.words, key="lab")
        return None
    outcomes = run.work.result()
    if len(outcomes) < run.calls:
        why = "It was stopped" if run.work.cancellation.is_ordered else "The time was over"
        st.warning(f"{why} after {len(outcomes)} of {run.calls} calls.", icon=":material/timer:")
    return outcomes


def _begun(api: ApiDefinition, plan: LabPlan, caller: Caller) -> LabRun:
    ended: list[ExecutionResult] = []
    lab = engine().lab

    def work(cancellation: Cancellation) -> tuple[ExecutionResult, ...]:
        return lab.run(api, plan, caller, cancellation=cancellation, told=ended.append)

    return LabRun(Running.start(work, limit_s=MAX_RUN_S), plan.calls, ended)

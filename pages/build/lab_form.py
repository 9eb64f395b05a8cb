"""The fault, the calls and the parameters of a lab run."""

from collections.abc import Mapping

import streamlit as st

from engine.model import ApiDefinition, Caller
from engine.policy_lab import FAULTS, MAX_CALLS, MAX_PAUSE_S, Fault, FaultKind, LabPlan
from pages.components.choices import choices_for
from pages.components.param_form import json_input, param_form

KINDS: Mapping[FaultKind, str] = {
    "error": "Error",
    "timeout": "No answer",
    "latency": "Latency",
    "bad_payload": "Wrong answer",
    "none": "Nothing",
}
EFFECTS: Mapping[FaultKind, str] = {
    "error": "The attempt fails with an error of the class you choose.",
    "timeout": "The attempt ends when its time is over.",
    "latency": "The attempt takes longer, and then does its real work.",
    "bad_payload": "The target answers with a document nobody expects. No policy can tell: it is "
    "a success for the breaker, and the cache keeps it.",
    "none": "Every attempt is real; limits, cache and breaker show themselves alone.",
}


def lab_form(api: ApiDefinition, caller: Caller) -> LabPlan | None:
    """The plan when it was just submitted, else None."""
    kind: FaultKind = (
        st.pills(
            "What goes wrong",
            list(KINDS),
            format_func=KINDS.__getitem__,
            default="error",
            required=True,
            key="lab-kind",
        )
        or "error"
    )
    st.caption(EFFECTS[kind])
    with st.form("lab", border=True):
        fault = _fault(kind)
        left, right = st.columns(2)
        calls = left.number_input(
            "Calls", value=10, min_value=1, max_value=MAX_CALLS, key="lab-calls"
        )
        pause_s = right.number_input(
            "Seconds between them",
            value=0.0,
            min_value=0.0,
            max_value=MAX_PAUSE_S,
            step=0.5,
            key="lab-pause",
        )
        form = param_form(api.param_schema, key=f"lab-{api.id}", choices=choices_for(caller))
        payload = None if api.logic_type == "sql" else json_input("Input payload", "lab-payload")
        submitted = st.form_submit_button(
            "Run",
            type="primary",
            icon=":material/science:",
            shortcut="Ctrl+Enter",
            key="lab-run",
        )
    if not submitted:
        return None
    return LabPlan(
        fault=fault,
        calls=calls,
        pause_s=pause_s,
        params=form.values,
        input_payload=payload,
    )


def _fault(kind: FaultKind) -> Fault:
    if kind == "none":
        return Fault(kind=kind)
    left, right = st.columns(2)
    attempts = left.number_input(
        "Faulty attempts",
        value=5,
        min_value=0,
        key="lab-attempts",
        help="Over all calls; retries count.",
    )
    after = right.number_input(
        "Good attempts before them",
        value=0,
        min_value=0,
        key="lab-after",
        help="So that the cache has something to serve.",
    )
    code = Fault().code
    if kind == "error":
        code = left.selectbox("Error", list(FAULTS), key="lab-code")
    seconds = 0.0
    if kind != "timeout":
        seconds = right.number_input(
            "Seconds until it happens",
            value=1.0 if kind == "latency" else 0.0,
            min_value=0.0,
            step=0.1,
            key=f"lab-seconds-{kind}",
        )
    return Fault(kind=kind, attempts=attempts, after=after, seconds=seconds, code=code)

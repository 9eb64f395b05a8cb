"""One run in full: outcome, parameters, answer or error, policy trace."""

from uuid import UUID

import streamlit as st

from engine.errors import NotFoundError
from engine.model import Caller, ErrorInfo, ExecutionRecord, Step
from pages.components.context import engine
from pages.components.errors import error_block, errors_shown, escaped
from pages.components.keep_as_test import keep_as_test
from pages.components.navigation import (
    API_PAGE,
    RUNS_PAGE,
    api_link,
    back_button,
    compare_link,
)
from pages.components.result_view import (
    outcome_line,
    record_answer,
    trace_of,
    trace_strip,
)
from pages.components.run_inputs import run_again_button
from pages.components.workflow.run_view import run_view
from pages.components.workflow.tree import Tree, read
from pages.operate.run_context import attempts, related_runs


def run_detail(run_id: str, caller: Caller) -> None:
    """Draw the run; a link to one of another tenant, or to none, is said to be unknown."""
    back_button(RUNS_PAGE, "All runs")
    record = engine().logs.get(as_id(run_id), caller)
    st.title(f"Run of {escaped(record.api_name)}")
    st.markdown(outcome_line(record))
    _facts(record)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        run_again_button(record, caller)
        keep_as_test(record, caller)
        if record.api_id is not None:
            compare_link(record.id)
            st.page_link(
                API_PAGE,
                label="Open the API",
                icon=":material/api:",
                query_params=api_link(record.api_name),
            )
    if record.error_type:
        _error(record)
    if trace := trace_of(record):
        st.subheader("Policy trace")
        trace_strip(trace)
        attempts(trace)
    _inputs(record)
    if steps := steps_of(record):
        st.subheader("Workflow")
        run_view(record.id, steps, _tree(record, caller), caller, key="run-steps")
    if record.response_data and not record.error_type:
        st.subheader("Answer")
        record_answer(record, key="run-answer")
    related_runs(record, caller)


def as_id(run_id: str) -> UUID:
    """The id that a link names; raises NotFoundError for what is none."""
    try:
        return UUID(run_id)
    except ValueError:
        raise NotFoundError(f"{run_id!r} is not the id of a run") from None


def _facts(record: ExecutionRecord) -> None:
    facts = [
        f"version {record.api_version}",
        f"{record.created_at:%Y-%m-%d %H:%M:%S} UTC",
        f"by {escaped(record.executed_by)} through {record.source}",
        f"trace {record.trace_id}",
    ]
    st.caption(" · ".join(facts))


def _inputs(record: ExecutionRecord) -> None:
    if record.request_params:
        st.subheader("Parameters")
        st.json(dict(record.request_params))
    payload = record.metadata.get("input_payload")
    if payload is not None:
        st.subheader("Input")
        st.json(payload)
    if prints := record.metadata.get("logs"):
        with st.expander("Prints", icon=":material/terminal:"):
            st.code(prints, None)


def _error(record: ExecutionRecord) -> None:
    error_block(
        ErrorInfo(
            type=record.error_type or "",
            message=record.error_message or "",
            http_status=record.response_status,
            details=record.metadata.get("error_details") or {},
            hint=record.metadata.get("hint"),
        )
    )
    if record.error_stacktrace:
        with st.expander("Stack trace", icon=":material/code:"):
            st.code(record.error_stacktrace, "python", wrap_lines=True)


def steps_of(record: ExecutionRecord) -> list[Step]:
    """What the nodes of a workflow did, as far as the log keeps it."""
    steps = record.metadata.get("steps")
    return [Step.model_validate(step) for step in steps] if isinstance(steps, list) else []


def _tree(record: ExecutionRecord, caller: Caller) -> Tree | None:
    """The workflow as published then; a test may have run another, whose steps stand alone."""
    if record.api_id is None or record.api_version == 0:
        return None
    with errors_shown():
        found = engine().apis.version(str(record.api_id), record.api_version, caller)
        return read(found.snapshot.logic_body)
    return None

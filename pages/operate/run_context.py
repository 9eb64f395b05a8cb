"""What stands around a run: its attempts, the calls it made, and the other runs of its trace."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.model import Caller, ExecutionQuery, ExecutionRecord, TraceStage
from pages.components.context import engine
from pages.components.navigation import RUNS_PAGE
from pages.components.runs_table import runs_table
from pages.components.state import URL

SHOWN = 50


def attempts(stages: Sequence[TraceStage]) -> None:
    """The attempts of a run that was repeated, each with the wait before it."""
    frame = attempts_frame(stages)
    if len(frame) < 2:
        return
    st.subheader("Attempts")
    st.dataframe(
        frame,
        key="run-attempts",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Attempts",
        column_config={
            "Attempt": st.column_config.NumberColumn(width=80),
            "Waited ms": st.column_config.NumberColumn(format="%.0f", width=100),
            "ms": st.column_config.NumberColumn(format="%.1f", width=90),
            "Verdict": st.column_config.TextColumn(width=90),
            "Message": st.column_config.TextColumn(width="large"),
        },
    )


def attempts_frame(stages: Sequence[TraceStage]) -> pd.DataFrame:
    """One row an attempt."""
    rows, waited = [], None
    for stage in stages:
        if stage.stage == "backoff":
            waited = stage.duration_ms
        if stage.stage == "attempt":
            found = stage.detail
            rows.append(
                (
                    found.get("number"),
                    waited,
                    stage.duration_ms,
                    stage.verdict,
                    found.get("error"),
                    found.get("message"),
                )
            )
            waited = None
    columns = ["Attempt", "Waited ms", "ms", "Verdict", "Error", "Message"]
    return pd.DataFrame(rows, columns=columns)


def related_runs(record: ExecutionRecord, caller: Caller) -> None:
    """The calls that a run made, and what else ran in its trace."""
    logs = engine().logs
    called = logs.search(ExecutionQuery(parent_execution_id=record.id, limit=200), caller).items
    if called:
        st.subheader("Calls")
        runs_table(called, key="steps")
    traced = logs.search(ExecutionQuery(trace_id=record.trace_id, limit=SHOWN), caller)
    known = {record.id, *(each.id for each in called)}
    others = [each for each in traced.items if each.id not in known]
    if others:
        st.subheader("Same trace")
        runs_table(others, key="trace")
    if traced.next is not None:
        st.page_link(
            RUNS_PAGE,
            label="All runs of this trace",
            icon=":material/arrow_forward:",
            query_params={URL.trace: record.trace_id, URL.since: "all"},
        )

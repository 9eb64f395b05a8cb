"""Two sides of a run: what is asked to be compared, and what came of it."""

import json
from typing import Any

import streamlit as st

from engine.model import ApiDefinition, Caller, ExecutionRecord
from engine.testing.rerun import Comparison, Ran, RerunPlan, Side
from pages.components.colors import STATUS_COLORS
from pages.components.context import engine
from pages.components.errors import error_block, escaped
from pages.components.gate_view import difference_words, examples_view
from pages.components.param_form import json_or_text
from pages.components.result_view import (
    STATUS_ICONS,
    answer,
    counted,
    duration,
    record_answer,
)


def side_words(side: Side, api: ApiDefinition) -> str:
    """One side, as it is offered."""
    if side == "logged":
        return "as logged"
    if side == "live":
        return f"live version {api.version}"
    return "draft" if side == "draft" else f"version {side}"


def plan_form(record: ExecutionRecord, api: ApiDefinition, caller: Caller) -> RerunPlan | None:
    """The inputs and the two sides; None until they are to be run."""
    inputs = engine().reruns.inputs(record.id, caller)
    for reason in inputs.missing:
        st.warning(f"{escaped(reason)}: give it anew.", icon=":material/warning:")
    numbers = [each.version for each in engine().apis.versions(api.api_name, caller)]
    sides: list[Side] = ["logged", "live", "draft", *numbers]
    with st.form("compare"):
        left, right = st.columns(2)
        params = left.text_area(
            "Parameters, as JSON", json.dumps(dict(inputs.params), indent=2), key="compare-params"
        )
        payload = right.text_area(
            "Input payload, as JSON",
            "" if inputs.input_payload is None else json.dumps(inputs.input_payload, indent=2),
            placeholder="none",
            key="compare-payload",
        )
        one, other = (
            column.selectbox(
                label,
                sides,
                index=index,
                format_func=lambda side: side_words(side, api),
                key=f"compare-{label.lower()}",
            )
            for column, label, index in ((left, "Left", 0), (right, "Right", 1))
        )
        if not st.form_submit_button(
            "Run and compare",
            type="primary",
            icon=":material/compare_arrows:",
            key="run-compare",
        ):
            return None
    given: Any = json_or_text(params) if params else {}
    return RerunPlan(
        left=one,
        right=other,
        params=given,
        input_payload=json_or_text(payload) if payload else None,
        has_input=True,
    )


def comparison_view(found: Comparison, record: ExecutionRecord, api: ApiDefinition) -> None:
    """What differs, then both answers beside each other."""
    if found.difference is None:
        st.info("There are no two whole answers to compare.", icon=":material/info:")
    elif found.difference.is_empty:
        st.success("Both answers are the same.", icon=":material/check_circle:")
    else:
        st.warning(escaped(difference_words(found.difference)), icon=":material/difference:")
        examples_view(found.difference, title="First differences", expanded=True)
    for column, ran, name in zip(
        st.columns(2), (found.left, found.right), ("left", "right"), strict=True
    ):
        with column:
            ran_view(ran, record, api, key=f"compare-{name}")


def ran_view(ran: Ran, record: ExecutionRecord, api: ApiDefinition, *, key: str) -> None:
    """One side: outcome, rows, latency, and its answer or error."""
    st.subheader(side_words(ran.side, api).capitalize())
    rows = counted(ran.row_count, "row") if ran.row_count is not None else ""
    outcome = (
        f":{STATUS_COLORS[ran.status]}[:material/{STATUS_ICONS[ran.status]}: **{ran.status}**]"
    )
    st.markdown(" · ".join(part for part in (outcome, rows, duration(ran.duration_ms)) if part))
    if ran.error is not None:
        error_block(ran.error)
    elif ran.result is not None:
        answer(ran.result, key=key)
    elif record.response_data:
        record_answer(record, key=key)

"""The form of a test case: what to send, and what the answer has to be like."""

import json
from collections.abc import Mapping
from typing import Any, get_args

import pandas as pd
import streamlit as st

from engine.definition_tests import authored_case
from engine.model import ApiDefinition, Caller, ExecutionStatus
from engine.model.testing import ApiTestCase
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import open_api, say
from pages.components.param_form import json_or_text
from pages.components.state import first_value

VALUE_COLUMNS = ("path", "equals", "min", "max", "tolerance")


@st.dialog("Test case", width="large", icon=":material/fact_check:")
@errors_shown()
def test_dialog(api: ApiDefinition, case: ApiTestCase | None, caller: Caller) -> None:
    """Write a test case, or change one; delete it."""
    key = f"case-{case.id if case else 'new'}-{case.revision if case else 0}"
    known = authored_case(case) if case else {}
    fields = _inputs(api, known, key)
    fields["expect"] = _expectation(known.get("expect", {}), key)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if case is not None and st.button(
            "Delete", icon=":material/delete:", type="tertiary", key="delete-test"
        ):
            engine().tests.delete(api.api_name, str(case.id), caller)
            say(f"The test case {case.name} was deleted")
            open_api(api.api_name, "Tests")
        if st.button("Save", type="primary", icon=":material/save:", key="save-test"):
            _save(api, case, fields, caller)


def _save(
    api: ApiDefinition, case: ApiTestCase | None, fields: Mapping[str, Any], caller: Caller
) -> None:
    if case is None:
        engine().tests.create(api.api_name, fields, caller)
    else:
        engine().tests.update(
            api.api_name, str(case.id), fields, caller, expected_revision=case.revision
        )
    say(f"The test case {fields['name']} was saved")
    open_api(api.api_name, "Tests")


def _inputs(api: ApiDefinition, known: Mapping[str, Any], key: str) -> dict[str, Any]:
    name = st.text_input("Name", value=known.get("name", ""), key=f"{key}-name", max_chars=100)
    description = st.text_input(
        "Description", value=known.get("description", ""), key=f"{key}-description"
    )
    fields: dict[str, Any] = {"name": name or "", "description": description or ""}
    left, right = st.columns(2)
    params = left.text_area(
        "Parameters, as JSON",
        value=_pretty(known.get("params", _example_params(api))),
        key=f"{key}-params",
        help="Also wrong ones, for a test case that is to be refused.",
    )
    fields["params"] = json_or_text(params) if params else {}
    payload = right.text_area(
        "Input payload, as JSON",
        value=_pretty(known.get("input_payload")),
        key=f"{key}-payload",
        placeholder="none",
    )
    fields["input_payload"] = json_or_text(payload) if payload else None
    return fields


def _expectation(known: Mapping[str, Any], key: str) -> dict[str, Any]:
    st.subheader("What is expected")
    statuses = get_args(ExecutionStatus)
    with st.container(horizontal=True):
        status = st.selectbox(
            "Outcome",
            statuses,
            index=statuses.index(known.get("status", "success")),
            key=f"{key}-status",
            width=140,
        )
        least = _count("Least rows", known.get("min_rows"), f"{key}-least")
        most = _count("Most rows", known.get("max_rows"), f"{key}-most")
        latency = st.number_input(
            "Longest, ms",
            value=known.get("max_latency_ms"),
            min_value=1,
            placeholder="any",
            key=f"{key}-latency",
            width=140,
        )
    columns = list(known.get("columns", ()))
    expect: dict[str, Any] = {
        "status": status,
        "min_rows": least,
        "max_rows": most,
        "max_latency_ms": latency,
        "columns": st.multiselect(
            "Columns it has to have",
            columns,
            default=columns,
            accept_new_options=True,
            placeholder="type a name and press Enter",
            key=f"{key}-columns",
        ),
        "values": _values(known.get("values", ()), f"{key}-values"),
    }
    if status != "success":
        expect["error_type"] = (
            st.text_input(
                "Error type",
                value=known.get("error_type") or "",
                placeholder="any, or for example params_invalid",
                key=f"{key}-error",
            )
            or None
        )
    return expect


def _count(label: str, value: int | None, key: str) -> int | None:
    return st.number_input(
        label, value=value, min_value=0, step=1, placeholder="any", key=key, width=140
    )


def _values(known: Any, key: str) -> list[dict[str, Any]]:
    rows = [
        {"path": each["path"], **{name: _text(each.get(name)) for name in VALUE_COLUMNS[1:]}}
        for each in known
    ]
    edited = st.data_editor(
        pd.DataFrame(first_value(key, rows), columns=list(VALUE_COLUMNS), dtype=str),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Values that are expected",
        column_config={
            "path": st.column_config.TextColumn(
                "Value at (JMESPath)", width="medium", help="rows[0].flights, length(rows)"
            ),
            "equals": st.column_config.TextColumn("Equals", help="JSON; other texts as they are"),
            "min": st.column_config.TextColumn("Least"),
            "max": st.column_config.TextColumn("Most"),
            "tolerance": st.column_config.TextColumn("Give or take"),
        },
    )
    return values_of(edited.to_dict("records"))


def values_of(rows: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    """What the rows of the table say; rows without a path say nothing."""
    said = [
        {
            str(name): str(cell).strip() if name == "path" else json_or_text(str(cell))
            for name, cell in row.items()
            if isinstance(cell, str) and cell.strip()
        }
        for row in rows
    ]
    return [each for each in said if "path" in each]


def _example_params(api: ApiDefinition) -> dict[str, Any]:
    shown = {
        name: spec.example if spec.example is not None else spec.default
        for name, spec in api.param_schema.items()
        if spec.source is None and not spec.secret
    }
    return {name: value for name, value in shown.items() if value is not None}


def _text(value: Any) -> str:
    if value is None or value == 0:
        return "" if value is None else "0"
    return value if isinstance(value, str) else json.dumps(value)


def _pretty(value: Any) -> str:
    return "" if value in (None, {}) else json.dumps(value, indent=2)

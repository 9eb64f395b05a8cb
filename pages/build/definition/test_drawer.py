"""The drawer of a workbench to test with: its inputs, which fold away and leave the result."""

from typing import Any

import streamlit as st

from engine.model import Caller
from pages.build.definition import working_copy
from pages.components.choices import choices_for
from pages.components.param_form import ParamForm, json_input, param_form
from pages.components.state import WorkingCopy


def test_drawer(work: WorkingCopy, caller: Caller) -> tuple[ParamForm, Any]:
    """Draw the parameters, and the input payload where the logic type takes one."""
    specs = working_copy.param_specs(work)
    takes_payload = work.fields["logic_type"] != "sql"
    drawer = (
        st.expander("Test inputs", icon=":material/input:", expanded=True, key="test-inputs")
        if specs or takes_payload
        else st.container()
    )
    with drawer:
        key = f"preview-{work.key}-{work.params_rev}"
        form = param_form(specs, key=key, choices=choices_for(caller))
        payload = json_input("Input payload", work.payload_key) if takes_payload else None
    return form, payload

"""A run form that begins with the inputs of a run in the log."""

import streamlit as st

from engine.errors import NotFoundError, PermissionDeniedError
from engine.logged_inputs import inputs_of
from engine.model import ApiDefinition, Caller, ExecutionRecord
from pages.components.context import engine
from pages.components.navigation import open_api
from pages.components.state import RUN_INPUTS, GivenInputs

NOTHING = GivenInputs({}, None, 0)


def given_inputs(api_id: str) -> GivenInputs:
    """What the run form of an API begins with."""
    return RUN_INPUTS.get().get(api_id, NOTHING)


def run_again_button(record: ExecutionRecord, caller: Caller) -> None:
    """Offer to open the API's run form as this run filled it; nothing where the API is gone."""
    api = _live(record, caller)
    if api is None:
        return
    inputs = inputs_of(record, api)
    pressed = st.button(
        "Run again",
        icon=":material/replay:",
        type="primary",
        key="run-again",
        help="  \n".join(("Open the form with these inputs.", *inputs.missing)),
    )
    if pressed:
        given = RUN_INPUTS.get()
        rev = given_inputs(str(api.id)).rev + 1
        given[str(api.id)] = GivenInputs(inputs.params, inputs.input_payload, rev)
        open_api(api.api_name, tab="Run")


def _live(record: ExecutionRecord, caller: Caller) -> ApiDefinition | None:
    if record.api_id is None:
        return None
    try:
        return engine().apis.get(str(record.api_id), caller)
    except (NotFoundError, PermissionDeniedError):
        return None

"""A run form that begins with inputs: of a link, of a run in the log, or those sent last."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
import streamlit as st

from engine.errors import NotFoundError, ParamsInvalidError, PermissionDeniedError
from engine.logged_inputs import inputs_of
from engine.model import ApiDefinition, Caller, ExecutionQuery, ExecutionRecord
from engine.params import compile_params
from pages.components.context import engine, origin
from pages.components.navigation import api_link, open_api
from pages.components.state import RUN_INPUTS, RUN_LINKS, URL, GivenInputs

LOOKED_AT = 50
"""Among how many of the latest runs the caller's own is looked for."""


def given_inputs(api: ApiDefinition, caller: Caller) -> GivenInputs:
    """What the run form begins with.

    A link that carries inputs wins when it is opened. Else the form begins with what the caller
    sent last, as far as it still fits.
    """
    key, given = str(api.id), RUN_INPUTS.get()
    link = st.query_params.get(URL.given, "")
    if link and RUN_LINKS.get().get(key) != link:
        RUN_LINKS.get()[key] = link
        give_inputs(api, *_of_link(link), caller)
    if key not in given:
        give_inputs(api, *_sent_last(api, caller), caller)
    return given[key]


def give_inputs(
    api: ApiDefinition, params: Mapping[str, Any], input_payload: Any, caller: Caller
) -> None:
    """Let the run form show these inputs; a value that no longer fits is left out."""
    given, key = RUN_INPUTS.get(), str(api.id)
    rev = given[key].rev + 1 if key in given else 0
    given[key] = GivenInputs(_fitting(api, params, caller), input_payload, rev)


def run_link(api: ApiDefinition, params: Mapping[str, Any], input_payload: Any) -> str:
    """The address of the run form with these inputs; a secret parameter is left out."""
    shown = {
        name: value
        for name, value in params.items()
        if name not in api.param_schema or not api.param_schema[name].secret
    }
    inputs = {"params": shown} | ({} if input_payload is None else {"input": input_payload})
    query = {**api_link(api.api_name), URL.tab: "Run", URL.given: orjson.dumps(inputs).decode()}
    return f"{origin()}/definition?{urlencode(query)}"


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
        give_inputs(api, inputs.params, inputs.input_payload, caller)
        open_api(api.api_name, tab="Run")


def _of_link(text: str) -> tuple[Mapping[str, Any], Any]:
    try:
        inputs = orjson.loads(text)
    except orjson.JSONDecodeError:
        inputs = None
    params = inputs.get("params", {}) if isinstance(inputs, dict) else None
    if not isinstance(params, dict):
        st.warning("The inputs in this link cannot be read.", icon=":material/link_off:")
        return {}, None
    return params, inputs.get("input")


def _sent_last(api: ApiDefinition, caller: Caller) -> tuple[Mapping[str, Any], Any]:
    latest = ExecutionQuery(api_id=api.id, limit=LOOKED_AT)
    for record in engine().logs.search(latest, caller).items:
        if record.executed_by == caller.subject and record.source == "ui":
            inputs = inputs_of(record, api)
            return inputs.params, inputs.input_payload
    return {}, None


def _fitting(api: ApiDefinition, params: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """The values that a widget can show, converted to the types of their parameters."""
    known = {
        name: value
        for name, value in params.items()
        if name in api.param_schema and api.param_schema[name].source is None
    }
    binder = compile_params(api.param_schema)
    try:
        bound = binder.bind(known, caller)
    except ParamsInvalidError as error:
        wrong = {each["param"] for each in error.details["params"]}
        rest = {name: value for name, value in known.items() if name not in wrong}
        schema = {name: api.param_schema[name] for name in rest}
        bound = compile_params(schema).bind(rest, caller)
        known = rest
    return {name: bound[name] for name in known}


def _live(record: ExecutionRecord, caller: Caller) -> ApiDefinition | None:
    if record.api_id is None:
        return None
    try:
        return engine().apis.get(str(record.api_id), caller)
    except (NotFoundError, PermissionDeniedError):
        return None

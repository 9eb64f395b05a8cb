"""The request as a form, kept in step with the JSON both ways."""

import json
from contextlib import suppress
from typing import Any

import pandas as pd
import streamlit as st

from engine.errors import PermissionDeniedError
from engine.model import ApiDefinition, Caller
from pages.build.http.curl import curl_tools
from pages.components.context import engine
from pages.components.http.request_form import (
    AUTH_FIELDS,
    BODY_TYPES,
    METHODS,
    RequestForm,
    Spec,
    body_of,
    entries_of,
    pairs_of,
    spec_of,
    with_part,
)
from pages.components.state import WorkingCopy, first_value

AUTH_WORDS = {"none": "None", "bearer": "Bearer token", "basic": "Basic", "api_key": "API key"}
SECRET_FIELDS = frozenset({"token", "password", "value"})


def request_form(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> None:
    """Draw the form and write what it says into the body."""
    if work.form is None:
        work.form = RequestForm(work.fields["logic_body"])
    form = work.form
    form.follow(work.fields["logic_body"])
    key = f"http-{api.id}-{form.rev}"
    spec = spec_of(form.body)
    curl_tools(work, spec, key)
    if spec is None:
        st.warning(
            "This JSON is no request that a form can show. **JSON** says where it is wrong.",
            icon=":material/data_object:",
        )
        return
    edited = _parts(spec, caller, key)
    if edited != spec:
        form.body = body_of(edited)
        work.write_body(form.body)


def _parts(spec: Spec, caller: Caller, key: str) -> Spec:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        method = str(spec.get("method", "GET")).upper()
        method = st.selectbox("Method", METHODS, METHODS.index(method), key=f"{key}-m", width=120)
        url = st.text_input(
            "URL",
            spec.get("url", ""),
            key=f"{key}-url",
            placeholder="https://api.example.org/items/{{params.id}}",
            help="Values: `{{params.NAME}}`, `{{input.NAME}}`, `{{secrets.NAME}}`",
        )
    edited = with_part(spec, "url", url)
    if method != str(spec.get("method", "GET")).upper():
        edited = with_part(edited, "method", method)
    params, headers, body, auth = st.tabs(["Query", "Headers", "Body", "Auth"], key=f"{key}-parts")
    with params:
        edited = with_part(edited, "params", _table(spec.get("params", {}), f"{key}-params"))
    with headers:
        edited = with_part(edited, "headers", _table(spec.get("headers", {}), f"{key}-headers"))
    with body:
        edited = _body(edited, f"{key}-body")
    with auth:
        edited = with_part(edited, "auth", _auth(spec.get("auth") or {}, caller, f"{key}-auth"))
    path = st.text_input(
        "Response path",
        spec.get("response_path", ""),
        key=f"{key}-path",
        placeholder="the whole answer",
        help="A JMESPath. Run it, then choose a place in **Answer**.",
    )
    return with_part(edited, "response_path", path)


def _table(entries: dict[str, Any], key: str) -> dict[str, Any]:
    base = first_value(key, pairs_of(entries))
    rows = st.data_editor(
        pd.DataFrame(base, columns=["name", "value"], dtype="string"),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        height="content",
        placeholder="",
        column_config={
            "name": st.column_config.TextColumn("Name", width="small"),
            "value": st.column_config.TextColumn("Value", width="large"),
        },
    )
    return entries_of(rows.to_dict("records"), entries)


def _body(spec: Spec, key: str) -> Spec:
    current = spec.get("body_type", "json")
    chosen = st.segmented_control(
        "Body as", BODY_TYPES, default=current, required=True, key=f"{key}-type"
    )
    body = spec.get("body")
    if chosen == "form":
        fields = _table(body if isinstance(body, dict) else {}, f"{key}-form")
        value: Any = fields
    else:
        text = body if isinstance(body, str) else "" if body is None else _pretty(body)
        typed = st.text_area("Body", text, key=f"{key}-{chosen}", height=150)
        value = body if typed == text else _parsed(typed or "") if chosen == "json" else typed
    kind = None if chosen == "json" and "body_type" not in spec else chosen
    return with_part(with_part(spec, "body", value), "body_type", kind)


def _auth(auth: dict[str, Any], caller: Caller, key: str) -> dict[str, Any]:
    kinds = list(AUTH_FIELDS)
    kind = st.selectbox(
        "Kind",
        kinds,
        kinds.index(auth.get("type", "none")),
        format_func=AUTH_WORDS.__getitem__,
        key=f"{key}-kind",
        width=220,
    )
    if kind == "none":
        return {}
    values = {name: _auth_field(name, auth, caller, f"{key}-{name}") for name in AUTH_FIELDS[kind]}
    made = {"type": kind, **values}
    return auth if {"in": "header", **auth} == {"in": "header", **made} else made


def _auth_field(name: str, auth: dict[str, Any], caller: Caller, key: str) -> str:
    if name == "in":
        places = ["header", "query"]
        return st.selectbox("in", places, places.index(auth.get("in", "header")), key=key)
    current = str(auth.get(name, ""))
    if name not in SECRET_FIELDS:
        return st.text_input(name, current, key=key)
    offered = [f"{{{{secrets.{each}}}}}" for each in _secret_names(caller)]
    options = list(dict.fromkeys([*offered, *([current] if current else [])]))
    return (
        st.selectbox(
            name,
            options,
            options.index(current) if current else None,
            accept_new_options=True,
            placeholder="choose a secret, or type",
            help="Keep it as a secret: what is typed here can be read by whoever reads the API.",
            key=key,
        )
        or ""
    )


def _secret_names(caller: Caller) -> tuple[str, ...]:
    with suppress(PermissionDeniedError):
        return engine().secrets.names(caller)
    return ()


def _pretty(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _parsed(text: str) -> Any:
    """The JSON, or the text for the check to refuse."""
    with suppress(json.JSONDecodeError):
        return json.loads(text)
    return text

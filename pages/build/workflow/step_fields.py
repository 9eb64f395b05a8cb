"""The fields of one step as widgets; each function returns what they say, None for unset."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.model import ApiDefinition, ParamSpec
from pages.build.workflow.apis import CallableApis
from pages.build.workflow.value_widgets import choices_of, templated, within
from pages.components.workflow.offers import lists_offered

Fields = dict[str, Any]
Node = Mapping[str, Any]

DEFAULT_CONCURRENCY = 4


def call_fields(
    node: Node,
    apis: CallableApis,
    offered: Sequence[str],
    *,
    key: str,
) -> Fields:
    """What the step calls, and with what."""
    current = node.get("api_id") or None
    names = list(
        dict.fromkeys([*([current] if current else []), *(api.api_name for api in apis.offered)])
    )
    api_id = st.selectbox(
        "API",
        names,
        index=0 if current else None,
        placeholder="choose or type a name",
        accept_new_options=True,
        key=f"{key}-api",
    )
    given = node.get("params")
    params = _params(given if isinstance(given, dict) else {}, apis.find(current), offered, key=key)
    value = templated("Input payload", node.get("input"), offered, key=f"{key}-input")
    fields: Fields = {"api_id": api_id or "", "params": params or None, "input": value}
    if api_id != current:
        chosen = apis.find(api_id)
        fields["type"] = chosen.logic_type if chosen else None
    return fields


def when_fields(
    node: Node, offered: Sequence[str], params: Mapping[str, ParamSpec], *, key: str
) -> Fields:
    """Whether the step runs, and how often."""
    kinds = {name: spec.type for name, spec in params.items()}
    lists = lists_offered(offered, kinds)
    when = templated("Only when", node.get("when"), offered, key=f"{key}-when")
    each = templated("For each of", node.get("for_each"), lists, key=f"{key}-each")
    fields: Fields = {"when": when, "for_each": each, "concurrency": node.get("concurrency")}
    if each is not None:
        at_once = st.number_input(
            "Items at once",
            min_value=1,
            max_value=16,
            value=within(node.get("concurrency"), 1, 16) or DEFAULT_CONCURRENCY,
            key=f"{key}-concurrency",
        )
        is_written = "concurrency" in node or at_once != DEFAULT_CONCURRENCY
        fields["concurrency"] = at_once if is_written else None
    return fields


def limit_fields(node: Node, *, key: str) -> Fields:
    """Narrower bounds than the API's own."""
    own = "the API's own"
    with st.container(horizontal=True):
        limit = st.number_input(
            "Rows at most",
            1,
            value=within(node.get("limit"), 1),
            placeholder=own,
            key=f"{key}-limit",
        )
        timeout = st.number_input(
            "Timeout, s",
            min_value=0.1,
            max_value=3600.0,
            value=within(node.get("timeout_seconds"), 0.1, 3600.0, float),
            placeholder=own,
            key=f"{key}-timeout",
        )
        retries = st.number_input(
            "Retries",
            0,
            10,
            value=within(node.get("retry_count"), 0, 10),
            placeholder=own,
            key=f"{key}-retries",
        )
    return {"limit": limit, "timeout_seconds": timeout, "retry_count": retries}


def failure_fields(
    node: Node, handler: str | None, others: Sequence[str], *, key: str
) -> tuple[Fields, str | None]:
    """What happens when the step fails: the fields, and the step that handles it."""
    goes_on = st.toggle(
        "Go on with what waits for it",
        value=node.get("continue_on_error") is True,
        key=f"{key}-continue",
    )
    chosen = st.selectbox(
        "Run instead",
        others,
        index=others.index(handler) if handler in others else None,
        placeholder="no step handles it",
        key=f"{key}-handler",
    )
    return {"continue_on_error": True if goes_on else None}, chosen


def _params(
    given: Mapping[str, Any],
    called: ApiDefinition | None,
    offered: Sequence[str],
    *,
    key: str,
) -> Fields:
    specs = called.param_schema if called else {}
    asked = {name: spec for name, spec in specs.items() if spec.source is None}
    extra = {name: None for name in given if name not in asked}
    values = {
        name: templated(
            f"{name} :red[*]" if spec and spec.required else name,
            given.get(name),
            [*offered, *choices_of(spec)],
            kind=spec.type if spec else None,
            about=spec.description if spec else "The API has no such parameter.",
            key=f"{key}-param-{name}",
        )
        for name, spec in {**asked, **extra}.items()
    }
    return {name: value for name, value in values.items() if value is not None}

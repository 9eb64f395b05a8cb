"""What one edits of an asset's content, by type; each gives the content as it stands."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from engine.errors import BadRequestError
from engine.model import Caller, RuntimePolicy
from engine.model.asset import Asset, AssetQuery
from pages.build.definition.param_table import param_table
from pages.components.context import engine
from pages.components.defaults import POLICY_DEFAULTS, with_defaults, without_defaults
from pages.components.editors.code import Language, code_editor, editor_event
from pages.components.policy_form import policy_form
from pages.components.shared_policy import REFS

Content = Mapping[str, Any]


def content_editor(asset: Asset, content: Content, caller: Caller, *, rev: int) -> dict[str, Any]:
    """Draw the fields of the asset's type; raises BadRequestError for JSON that cannot be read."""
    key = f"asset-{asset.id}"
    return _EDITORS[asset.asset_type](content, caller, key, rev)


def _policy(content: Content, _: Caller, key: str, rev: int) -> dict[str, Any]:
    defaults = {name: value for name, value in POLICY_DEFAULTS.items() if name not in REFS}
    said = RuntimePolicy.model_validate(dict(content)).model_dump(mode="json", exclude_unset=True)
    edited = policy_form(with_defaults(said, defaults), logic_type="", key=f"{key}-policy-{rev}")
    return without_defaults(edited, defaults)


def _query(content: Content, caller: Caller, key: str, rev: int) -> dict[str, Any]:
    connections = [each.name for each in engine().connections.all(caller)]
    sources = engine().assets.search(AssetQuery(asset_type="source", limit=500), caller).items
    places = [*connections, *(f"source {each.name}" for each in sources)]
    source = content.get("source")
    now = f"source {source['asset']}" if source else content.get("connection")
    place = st.selectbox(
        "Runs on",
        places,
        index=places.index(now) if now in places else None,
        placeholder="a connection or a source",
        key=f"{key}-place-{rev}",
        width=320,
    )
    sql = _code(str(content["sql"]), "sql", f"{key}-sql", "Statement", rev)
    st.markdown("**Parameters**")
    schema = param_table(content.get("param_schema", {}), key=f"{key}-params-{rev}")
    runs_on: dict[str, Any] = {"connection": place}
    if place and place not in connections:
        name = place.removeprefix("source ")
        same = source and source["asset"] == name
        runs_on = {"source": source if same else {"asset": name}}
    return {"sql": sql, **runs_on, **({"param_schema": schema} if schema else {})}


def _mapping(content: Content, _: Caller, key: str, rev: int) -> dict[str, Any]:
    st.caption("Values by key. Texts may read `{{ params.x }}`, `{{ input.x }}`, other mappings.")
    return _json(_code(_text(content), "json", f"{key}-json", "Values", rev))


def _source(content: Content, caller: Caller, key: str, rev: int) -> dict[str, Any]:
    names = [each.name for each in engine().connections.all(caller)]
    now = content.get("connection")
    index = names.index(now) if now in names else None
    chosen = st.selectbox("Connection", names, index=index, key=f"{key}-c-{rev}", width=320)
    return {"connection": chosen or ""}


def _resolver(content: Content, _: Caller, key: str, rev: int) -> dict[str, Any]:
    left, right = st.columns(2)
    api = left.text_input("API", value=str(content["api"]), key=f"{key}-api-{rev}")
    value = right.text_input(
        "Value",
        value=str(content.get("value") or ""),
        placeholder="all of the answer",
        help="The part of the answer to give, as JMESPath: rows[0].share",
        key=f"{key}-value-{rev}",
    )
    params = _json(
        _code(_text(content.get("params", {})), "json", f"{key}-p", "Parameters", rev, height=120)
    )
    said = {"params": params, "value": value}
    return {"api": api, **{name: each for name, each in said.items() if each}}


def _prompt(content: Content, _: Caller, key: str, rev: int) -> dict[str, Any]:
    template = st.text_area(
        "Text",
        value=str(content["template"]),
        height=240,
        help="Placeholders are written {{ variables.name }}.",
        key=f"{key}-template-{rev}",
    )
    st.caption("What stands for placeholders that are left out")
    defaults = _json(
        _code(_text(content.get("variables", {})), "json", f"{key}-v", "Defaults", rev, height=120)
    )
    return {"template": template, **({"variables": defaults} if defaults else {})}


_EDITORS: Mapping[str, Callable[[Content, Caller, str, int], dict[str, Any]]] = {
    "policy": _policy,
    "query": _query,
    "mapping": _mapping,
    "source": _source,
    "resolver": _resolver,
    "prompt": _prompt,
}


def _code(text: str, language: Language, key: str, label: str, rev: int, height: int = 260) -> str:
    typed = editor_event(key, text, rev=rev).text
    code_editor(text, language, key=key, label=label, rev=rev, on_text=_nothing_more, height=height)
    return typed


def _nothing_more(_: str) -> None:
    """The editor keeps what was typed by itself."""


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadRequestError(f"this is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRequestError("an object is needed: names with values, in braces")
    return value

"""A new asset: its name and type, and a content that one goes on from."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.model import Caller
from engine.model.asset import AssetType
from pages.build.asset.table import TYPES, WHAT_IT_IS
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import open_asset, say

_SIMPLE: Mapping[AssetType, Mapping[str, Any]] = {
    "policy": {"max_rows": 500},
    "mapping": {"key": "value"},
    "prompt": {"template": "Summarize {{ variables.text }} in three sentences."},
}


@st.dialog("New asset", icon=":material/inventory_2:")
@errors_shown()
def new_asset_dialog(caller: Caller) -> None:
    """Ask for name and type, and open the draft."""
    asset_type = st.pills("Type", TYPES, default="policy", required=True, key="new-asset-type")
    st.caption(WHAT_IT_IS[asset_type or "policy"])
    name = st.text_input("Name", key="new-asset-name", placeholder="gentle", max_chars=100)
    content = _start(asset_type or "policy", caller)
    with st.container(horizontal=True, horizontal_alignment="right"):
        create = st.button("Create", type="primary", key="create-asset")
    if create and content is not None:
        fields = {"name": name, "asset_type": asset_type, "content": content}
        asset = engine().assets.create(fields, caller)
        say(f"{asset.name} is a draft: change it, then publish")
        open_asset(asset.name, "Edit")


def _start(asset_type: AssetType, caller: Caller) -> Mapping[str, Any] | None:
    """The content to begin with; None while something has to be chosen."""
    if asset_type in _SIMPLE:
        return _SIMPLE[asset_type]
    if asset_type == "resolver":
        return _api(caller)
    names = [each.name for each in engine().connections.all(caller)]
    connection = st.selectbox("Connection", names, key="new-asset-connection")
    if connection is None:
        return None
    if asset_type == "source":
        return {"connection": connection}
    return {"sql": "SELECT 1 AS answer", "connection": connection}


def _api(caller: Caller) -> Mapping[str, Any] | None:
    """An API to begin with that takes no parameter it insists on."""
    names = list(engine().apis.names(caller))
    name = st.selectbox("API", names, index=None, placeholder="choose", key="new-asset-api")
    if name is None:
        return None
    schema = engine().apis.get(name, caller).param_schema
    asked = [each for each, spec in schema.items() if spec.required and spec.source is None]
    if asked:
        st.info(
            f"It asks for {', '.join(asked)}, which a resolver does not give. Choose another.",
            icon=":material/input:",
        )
        return None
    return {"api": name}

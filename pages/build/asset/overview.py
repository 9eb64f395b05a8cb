"""An asset at a glance: what it holds, its labels, how APIs name it, what uses it."""

import json

import pandas as pd
import streamlit as st

from engine.asset_fields import content_text
from engine.auth import may
from engine.model import Caller
from engine.model.asset import Asset, AssetType
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import API_PAGE, api_link, open_asset, say


def overview_tab(asset: Asset, caller: Caller) -> None:
    """Draw the tab."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Content")
        if asset.asset_type == "query":
            st.code(asset.content["sql"], "sql", wrap_lines=True)
            rest = {name: value for name, value in asset.content.items() if name != "sql"}
            st.code(json.dumps(rest, indent=2), "json", wrap_lines=True)
        else:
            st.code(content_text(asset.content), "json", wrap_lines=True)
        st.subheader("Use it")
        st.code(how_to_name(asset), "json", wrap_lines=True)
    with right:
        st.subheader("Labels")
        _labels(asset, caller)
        st.subheader("Used by")
        _users(asset, caller)


def how_to_name(asset: Asset) -> str:
    """What an API writes to refer to an asset."""
    label = next(iter(asset.labels), None)
    ref: dict[str, object] = {"asset": asset.name, **({"label": label} if label else {})}
    text = f"{asset.name}@{label}" if label else asset.name
    ways: dict[AssetType, str] = {
        "policy": json.dumps({"runtime_policy": ref}),
        "query": json.dumps({"logic_type": "sql", "logic_body": ref}),
        "mapping": f'{{{{ mappings["{text}"].{next(iter(asset.content), "key")} }}}}',
        "source": json.dumps({"sql": "SELECT …", "source": ref}),
        "resolver": f"GET /asset-registry/assets/{text}/value",
        "prompt": f"POST /asset-registry/assets/{text}/render",
    }
    return ways[asset.asset_type]


def _labels(asset: Asset, caller: Caller) -> None:
    if asset.labels:
        rows = list(asset.labels.items())
        st.dataframe(
            pd.DataFrame(rows, columns=["Label", "Version"]),
            hide_index=True,
            height="content",
            alt="Labels",
        )
    else:
        st.caption("None yet. A label is a name for a version, that can be moved to another one.")
    if not asset.version or not may(caller, "assets:write"):
        return
    with st.form("set-label", border=False), errors_shown():
        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = st.selectbox(
                "Label",
                sorted({*asset.labels, "production", "staging"}),
                accept_new_options=True,
                key="label-name",
                width=180,
            )
            versions = list(range(asset.version, 0, -1))
            version = st.selectbox("points at version", versions, key="label-version", width=140)
            moved = st.form_submit_button("Set", key="set-label-now")
        if moved and label:
            engine().assets.set_label(asset.name, label, version, caller)
            say(f"{label} is version {version} of {asset.name}")
            open_asset(asset.name, "Overview")


def _users(asset: Asset, caller: Caller) -> None:
    uses = engine().assets.used_by(asset.name, caller)
    if not uses:
        st.caption("Nothing uses it: it can be deleted without harm.")
    for use in uses:
        where = f"in {', '.join(use.parts)}" if use.parts else f"through {', '.join(use.via)}"
        if use.kind == "api":
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.page_link(
                    API_PAGE, label=use.name, icon=":material/api:", query_params=api_link(use.name)
                )
                st.caption(where)
        else:
            st.markdown(f":material/inventory_2: {use.name}")

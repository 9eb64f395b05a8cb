"""The policy asset that an API's policy stands on: choosing one, and what it says."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.model import RuntimePolicy
from engine.model.asset import AssetQuery, AssetRef
from pages.components.context import engine, require_caller
from pages.components.defaults import POLICY_DEFAULTS

REFS = ("asset", "version", "label")
LATEST = "the latest version"
OWN = "nothing: all of it is here"


def shared_policy(policy: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Draw the choice and return the reference; empty where the policy stands alone."""
    caller = require_caller()
    query = AssetQuery(asset_type="policy", status="published", limit=500)
    assets = {each.name: each for each in engine().assets.search(query, caller).items}
    now = policy.get("asset")
    if not assets and not now:
        return {}
    names = list(dict.fromkeys([OWN, *([now] if now else []), *assets]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Stands on",
            names,
            index=names.index(now) if now else 0,
            help="A policy asset; what is set below replaces what it says.",
            key=f"{key}-asset",
            width=260,
        )
        if name == OWN:
            return {}
        asset = assets.get(name)
        ways: dict[str, dict[str, Any]] = {LATEST: {}}
        for label in asset.labels if asset else ():
            ways[f"label {label}"] = {"label": label}
        for version in range(asset.version if asset else 0, 0, -1):
            ways[f"version {version}"] = {"version": version}
        known = {part: policy[part] for part in REFS[1:] if policy.get(part) and name == now}
        if known not in ways.values():
            ways[" ".join(str(part) for part in known.values())] = known
        chosen = st.selectbox(
            "and follows",
            list(ways),
            index=list(ways.values()).index(known),
            key=f"{key}-follows-{name}",
            width=200,
        )
    return {"asset": name, **ways[chosen]}


def policy_base(reference: Mapping[str, Any]) -> Mapping[str, Any]:
    """A whole policy as it is without what an API sets itself: the asset's, or the defaults."""
    if not reference:
        return POLICY_DEFAULTS
    ref = AssetRef.model_validate(dict(reference))
    found = engine().asset_values.follow(str(ref), require_caller())
    whole = RuntimePolicy.model_validate(dict(found.content)).model_dump(mode="json")
    return {name: value for name, value in whole.items() if name not in REFS}

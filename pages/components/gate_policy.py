"""The fields of the publish gate in a policy."""

from collections.abc import Mapping
from typing import Any, get_args

import streamlit as st

from engine.model.gate import GateMode

WORDS = {
    "off": "Replay nothing",
    "warn": "Show what differs",
    "block": "Refuse what differs, unless it is meant",
}


def gate_fields(gate: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What happens before a new version is published."""
    modes = get_args(GateMode)
    mode = st.selectbox(
        "Before a version is published",
        modes,
        index=modes.index(gate["mode"]),
        format_func=WORDS.__getitem__,
        key=f"{key}-gate-mode",
        help="The last distinct calls in the log are made again, on what is live and on the draft.",
    )
    left, right = st.columns(2)
    calls = left.number_input(
        "Calls to replay",
        value=gate["calls"],
        min_value=1,
        max_value=100,
        key=f"{key}-gate-calls",
    )
    seconds = right.number_input(
        "For at most, seconds",
        value=float(gate["seconds"]),
        min_value=0.1,
        max_value=60.0,
        key=f"{key}-gate-seconds",
    )
    return {"mode": mode, "calls": calls, "seconds": seconds}

"""The fields of a policy's objectives."""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def slo_fields(slo: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Draw them; what they hold, as JSON."""
    left, right = st.columns(2)
    with left:
        availability = st.number_input(
            "Share of calls answered",
            value=slo["availability"],
            min_value=0.0001,
            max_value=0.99999,
            format="%g",
            placeholder="no objective",
            key=f"{key}-slo-availability",
        )
        latency_ms = st.number_input(
            "Quick is at most, ms",
            value=slo["latency_ms"],
            min_value=0.001,
            format="%g",
            placeholder="no objective",
            key=f"{key}-slo-latency",
        )
    with right:
        days = st.number_input(
            "Over so many days",
            value=slo["window_days"],
            min_value=1,
            max_value=365,
            key=f"{key}-slo-days",
        )
        share = st.number_input(
            "Share of calls that are quick",
            value=slo["latency_share"],
            min_value=0.0001,
            max_value=0.99999,
            format="%g",
            key=f"{key}-slo-share",
        )
    return {
        "availability": availability,
        "latency_ms": latency_ms,
        "latency_share": share,
        "window_days": days,
    }

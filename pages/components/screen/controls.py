"""The inputs of a screen, as controls that begin with what the link says."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from engine.call import ExecutionRequest
from engine.model import Caller
from engine.model.screen import Choices, ScreenInput, ScreenSpec
from pages.components.context import caller_key, engine
from pages.components.screen.figures import spoken

WIDTHS = {"choice": 240, "text": 240, "number": 170, "date": 160, "toggle": 160}


def screen_controls(
    spec: ScreenSpec, sent: Mapping[str, str], caller: Caller, key: str
) -> dict[str, Any]:
    """Draw the inputs in a row; their values, as the engine takes them."""
    if not spec.inputs:
        return {}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        return {
            each.name: _control(each, sent.get(each.name), caller, f"{key}-{each.name}")
            for each in spec.inputs
        }


def as_text(value: Any) -> str:
    """A value as it stands in a link."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _control(each: ScreenInput, sent: str | None, caller: Caller, key: str) -> Any:
    label, width = each.label or spoken(each.name), WIDTHS[each.type]
    first = each.default if sent is None else sent
    if each.type == "choice":
        return _choice(each, label, first, caller, key)
    if each.type == "toggle":
        return st.toggle(label, value=str(first).lower() in ("true", "1"), key=key, width=width)
    if each.type == "date":
        day = st.date_input(label, value=_day(first), key=key, width=width)
        return day.isoformat() if isinstance(day, date) else None
    if each.type == "number":
        return st.number_input(label, value=_number(first), key=key, width=width, placeholder="any")
    return st.text_input(label, value=as_text(first), key=key, width=width)


def _choice(each: ScreenInput, label: str, first: Any, caller: Caller, key: str) -> Any:
    offered = options_of(each.choices, caller) if each.choices else None
    labels = offered or {str(option): str(option) for option in each.options}
    names = list(labels)
    return st.selectbox(
        label,
        names,
        index=names.index(str(first)) if str(first) in labels else None,
        format_func=lambda name: labels[name],
        placeholder="all",
        key=key,
        width=WIDTHS["choice"],
    )


@st.cache_data(ttl="5m", max_entries=200, show_spinner=False, hash_funcs={Caller: caller_key})
def options_of(choices: Choices, caller: Caller) -> dict[str, str]:
    """Values that an API offers, with what is shown for each; none when it fails."""
    request = ExecutionRequest(api=choices.api_id, source="screen")
    rows = engine().run(request, caller).rows
    return {
        str(row[choices.value]): str(row.get(choices.label or choices.value))
        for row in rows
        if choices.value in row
    }


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _number(value: Any) -> float | int | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else number

"""Widgets of single values of a step: typed, or taken from what steps and callers give."""

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st

from engine.model import ParamSpec
from pages.components.workflow.values import as_text, as_value

N = TypeVar("N", int, float)

HINT = "Choose a template or type a value."


def templated(
    label: str,
    value: Any,
    offered: Sequence[str],
    *,
    key: str,
    kind: str | None = None,
    about: str = "",
) -> Any:
    """A field whose value is typed, or chosen among the templates on offer; None while empty."""
    text = as_text(value) if kind not in {"text"} or not isinstance(value, str) else value
    options = list(dict.fromkeys([*([text] if text else []), *offered]))
    chosen = st.selectbox(
        label,
        options,
        index=0 if text else None,
        placeholder="choose a template or type a value",
        help=about or HINT,
        accept_new_options=True,
        key=key,
    )
    return value if chosen == text else as_value(chosen, kind)


def choices_of(spec: ParamSpec | None) -> list[str]:
    """The values that a parameter is limited to."""
    return [as_text(value) for value in spec.enum or ()] if spec else []


def within(value: Any, low: N, high: N | None = None, kind: type[N] = int) -> N | None:
    """The value where a widget with these bounds can show it; else the check reports it."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    is_inside = value >= low and (high is None or value <= high)
    return kind(value) if is_inside and kind(value) == value else None

"""The form of one block in the editor of a screen."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import streamlit as st

from engine.model import Caller
from engine.model.screen import ChartType
from pages.components.context import engine
from pages.components.screen.desk import ScreenDesk

GOOD = {"more": "more is better", "less": "less is better", "neither": "neither"}


def block_form(desk: ScreenDesk, block: dict[str, Any], caller: Caller) -> None:
    """Draw the form; what is typed goes into the block at once."""
    key = f"block-{desk.key}-{block['id']}"
    _text(block, "title", "Title", key)
    left, right = st.columns(2)
    with left:
        block["width"] = st.slider("Width, of 12", 2, 12, block.get("width", 12), key=f"{key}-w")
    if block["type"] != "metric":
        with right:
            height = st.number_input(
                "Height", 80, 1200, block.get("height"), 20, key=f"{key}-h", placeholder="as needed"
            )
            _put(block, "height", height)
    _api(block, caller, key)
    if block.get("api_id"):
        _text(block, "rows", "Rows (JMESPath)", key, "the answer's own rows")
    _FORMS[block["type"]](desk, block, key)


def _api(block: dict[str, Any], caller: Caller, key: str) -> None:
    names = list(engine().apis.names(caller))
    now = block.get("api_id")
    api_id = st.selectbox(
        "API",
        names,
        index=names.index(now) if now in names else None,
        key=f"{key}-api",
        placeholder="choose an API",
    )
    if api_id != now:
        block.pop("params", None)
        _put(block, "api_id", api_id)
    if api_id:
        _params(block, api_id, caller, key)


def _params(block: dict[str, Any], api_id: str, caller: Caller, key: str) -> None:
    schema = engine().apis.get(api_id, caller).param_schema
    given = dict(block.get("params") or {})
    columns = st.columns(2)
    for number, (name, spec) in enumerate(schema.items()):
        value = columns[number % 2].text_input(
            f"{name} *" if spec.required and spec.default is None else name,
            value=str(given.get(name, "")),
            key=f"{key}-{api_id}-param-{name}",
            placeholder="" if spec.default is None else str(spec.default),
            help=spec.description or None,
        )
        _put(given, name, value if value != str(given.get(name, "")) else given.get(name))
    _put(block, "params", {name: each for name, each in given.items() if each != ""})


def _of_text(_: ScreenDesk, block: dict[str, Any], key: str) -> None:
    block["text"] = st.text_area(
        "Text (Markdown with templates)",
        block.get("text", ""),
        height=160,
        key=f"{key}-text",
    )


def _of_metric(_: ScreenDesk, block: dict[str, Any], key: str) -> None:
    _text(block, "value", "Number (JMESPath over the rows)", key, "[0].flights")
    left, right = st.columns(2)
    with left:
        _text(block, "delta", "Compared with", key, "[1].flights")
        _text(block, "unit", "Unit", key, " %")
    with right:
        _text(block, "trend", "Course", key, "[].flights")
        _put(
            block,
            "decimals",
            st.number_input("Decimals", 0, 6, block.get("decimals", 0), key=f"{key}-decimals"),
        )
    block["good"] = st.segmented_control(
        "Change",
        list(GOOD),
        default=block.get("good", "more"),
        format_func=lambda name: GOOD[name],
        required=True,
        key=f"{key}-good",
    )


def _of_table(desk: ScreenDesk, block: dict[str, Any], key: str) -> None:
    headings = dict(block.get("columns") or {})
    known = list(dict.fromkeys((*headings, *desk.columns.get(block["id"], ()))))
    chosen = st.multiselect(
        "Columns", known, list(headings), key=f"{key}-columns", placeholder="all"
    )
    bars = [each for each in block.get("bars") or () if each in known]
    drawn = st.multiselect("Drawn as bars", known, bars, key=f"{key}-bars", placeholder="none")
    _put(block, "columns", {name: headings.get(name, "") for name in chosen})
    _put(block, "bars", drawn)


def _of_chart(desk: ScreenDesk, block: dict[str, Any], key: str) -> None:
    known = list(
        dict.fromkeys(
            each
            for each in (
                *desk.columns.get(block["id"], ()),
                block.get("x"),
                *(block.get("y") or ()),
                block.get("color"),
            )
            if each
        )
    )
    kinds = get_args(ChartType)
    block["chart"] = st.segmented_control(
        "Chart", kinds, default=block.get("chart", "line"), required=True, key=f"{key}-chart"
    )
    left, right = st.columns(2)
    _put(block, "x", left.selectbox("x", known, _index(known, block.get("x")), key=f"{key}-x"))
    color = right.selectbox(
        "Colour", known, _index(known, block.get("color")), key=f"{key}-color", placeholder="none"
    )
    _put(block, "color", color)
    _put(block, "y", st.multiselect("y", known, block.get("y") or [], key=f"{key}-y"))


def _text(block: dict[str, Any], name: str, label: str, key: str, placeholder: str = "") -> None:
    value = st.text_input(
        label, value=block.get(name) or "", key=f"{key}-{name}", placeholder=placeholder
    )
    _put(block, name, value)


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    """Set a field, or leave it out where there is nothing to say."""
    if value in (None, "", [], {}):
        fields.pop(name, None)
    else:
        fields[name] = value


def _index(names: list[str], name: str | None) -> int | None:
    return names.index(name) if name in names else None


_FORMS: Mapping[str, Callable[[ScreenDesk, dict[str, Any], str], None]] = {
    "text": _of_text,
    "metric": _of_metric,
    "table": _of_table,
    "chart": _of_chart,
}

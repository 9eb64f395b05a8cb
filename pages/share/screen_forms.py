"""The parts of the editor besides the form of a block: the blocks, the inputs, the screen, YAML."""

from typing import Any, get_args

import streamlit as st
import yaml

from engine.model import Caller, Role
from engine.model.screen import BlockType, InputType
from pages.components.screen.block_form import block_form
from pages.components.screen.desk import ScreenDesk

KINDS: dict[BlockType, str] = {
    "text": "article",
    "metric": "pin",
    "table": "table_rows",
    "chart": "bar_chart",
}


def blocks_form(desk: ScreenDesk, caller: Caller) -> None:
    """Add, choose, move and remove blocks, and the form of the chosen one."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Add", width="content")
        for kind, icon in KINDS.items():
            if st.button(kind.capitalize(), icon=f":material/{icon}:", key=f"add-{kind}"):
                desk.add(kind)
                desk.rev += 1
    ids = [each["id"] for each in desk.blocks]
    if not ids:
        st.info("Add the first block: a number, a chart, a table or a text.")
        return
    chosen = st.pills(
        "Block",
        ids,
        default=desk.chosen if desk.chosen in ids else ids[0],
        required=True,
        key=f"chosen-{desk.key}-{'-'.join(ids)}",
    )
    desk.chosen = chosen or ids[0]
    with st.container(horizontal=True, gap="small"):
        for label, icon, by in (("Earlier", "arrow_upward", -1), ("Later", "arrow_downward", 1)):
            if st.button(label, icon=f":material/{icon}:", key=f"move-{by}"):
                desk.move(by)
                desk.rev += 1
                st.rerun()
        if st.button("Remove", icon=":material/delete:", key="remove-block"):
            desk.remove()
            desk.rev += 1
            st.rerun()
    block = desk.block()
    if block is not None:
        block_form(desk, block, caller)


def inputs_form(desk: ScreenDesk) -> None:
    """The inputs, one a line; `choices` name an API, and its columns of values and labels."""
    st.caption("An input is a control at the top; templates read it as `{{inputs.NAME}}`.")
    rows = [
        {
            "name": each.get("name"),
            "type": each.get("type", "text"),
            "label": each.get("label", ""),
            "default": "" if each.get("default") is None else str(each["default"]),
            "options": [str(option) for option in each.get("options", ())],
            "choices": "/".join(filter(None, _choices(each))),
        }
        for each in desk.inputs
    ]
    edited = st.data_editor(
        rows or [{"name": None, "type": "text", "label": "", "default": "", "options": [],
                  "choices": ""}],
        num_rows="dynamic",
        hide_index=True,
        key=f"inputs-{desk.key}",
        alt="Inputs",
        column_config={
            "name": st.column_config.TextColumn("Name", required=True),
            "type": st.column_config.SelectboxColumn("Type", options=get_args(InputType)),
            "label": "Label",
            "default": "Default",
            "options": st.column_config.ListColumn("Options"),
            "choices": st.column_config.TextColumn(
                "From an API", help="name/column of values/column of labels"
            ),
        },
    )  # fmt: skip
    if st.button("Take over", key="take-inputs"):
        desk.fields["inputs"] = [_input(each) for each in edited if each.get("name")]
        desk.rev += 1
        st.rerun()


def screen_form(desk: ScreenDesk) -> None:
    """Title, description, who may look, and how often it loads anew."""
    fields, key = desk.fields, f"screen-{desk.key}"
    fields["title"] = st.text_input("Title", fields.get("title", ""), key=f"{key}-title")
    fields["description"] = st.text_area(
        "Description", fields.get("description", ""), key=f"{key}-description", height=80
    )
    fields["role"] = st.segmented_control(
        "For", get_args(Role), default=fields.get("role", "viewer"), required=True,
        key=f"{key}-role",
    )  # fmt: skip
    fields["refresh_seconds"] = st.number_input(
        "Loads anew every so many seconds; 0 for never", 0, 86_400,
        fields.get("refresh_seconds", 0), 10, key=f"{key}-refresh",
    )  # fmt: skip
    for name, default in (("description", ""), ("role", "viewer"), ("refresh_seconds", 0)):
        if fields[name] == default:
            del fields[name]


def yaml_form(desk: ScreenDesk) -> None:
    """All of it as text, to copy, to compare, and to paste."""
    text = st.text_area("YAML", desk.text(), height=520, key=f"yaml-{desk.key}-{hash(desk.text())}")
    if st.button("Take over", key="take-yaml"):
        try:
            desk.read(text)
        except (yaml.YAMLError, ValueError) as error:
            st.error(f"This cannot be read: {error}", icon=":material/error:")
        else:
            st.rerun()


def _choices(each: dict[str, Any]) -> tuple[str, str, str]:
    found = each.get("choices") or {}
    return found.get("api_id", ""), found.get("value", ""), found.get("label", "")


def _input(row: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": row["name"], "type": row.get("type") or "text"}
    for name in ("label", "default"):
        if row.get(name):
            made[name] = row[name]
    options = row.get("options")
    if options is not None and len(options):
        made["options"] = list(options)
    if row.get("choices"):
        api_id, _, columns = str(row["choices"]).partition("/")
        value, _, label = columns.partition("/")
        made["choices"] = {"api_id": api_id, "value": value, **({"label": label} if label else {})}
    return made

"""The parameters of a definition as an editable table, and back to a schema."""

import json
from collections.abc import Mapping
from typing import Any, get_args

import pandas as pd
import streamlit as st

from engine.model.definition import ParamType
from pages.components.defaults import PARAM_DEFAULTS, without_defaults
from pages.components.state import first_value

TYPES = get_args(ParamType)
COLUMNS = ("name", "type", "required", "default", "min", "max", "enum", "description")
EMPTY_TEXT = '""'
"""How a cell shows an empty text, which is not the same as no value."""

Schema = Mapping[str, Mapping[str, Any]]


def param_table(schema: Schema, *, key: str) -> dict[str, dict[str, Any]]:
    """Draw the table and return the schema as it stands."""
    base = first_value(key, rows_of(schema))
    edited = st.data_editor(
        pd.DataFrame(base, columns=list(COLUMNS)).astype({"required": bool}),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        height="content",
        placeholder="",
        alt="Parameters",
        column_config={
            "name": st.column_config.TextColumn("Name", required=True),
            "type": st.column_config.SelectboxColumn(
                "Type", options=TYPES, required=True, default="text"
            ),
            "required": st.column_config.CheckboxColumn("Required", default=False),
            "default": st.column_config.TextColumn("Default"),
            "min": st.column_config.TextColumn("Min", width=70),
            "max": st.column_config.TextColumn("Max", width=70),
            "enum": st.column_config.TextColumn("One of", help="Separated by commas"),
            "description": st.column_config.TextColumn("Description", width="medium"),
        },
    )
    return schema_of(edited.to_dict("records"), schema)


def rows_of(schema: Schema) -> list[dict[str, Any]]:
    """One row per parameter, every bound as text."""
    return [
        {
            "name": name,
            "type": spec.get("type", "text"),
            "required": bool(spec.get("required", False)),
            "default": _text(spec.get("default")),
            "min": _text(spec.get("min")),
            "max": _text(spec.get("max")),
            "enum": ", ".join(str(value) for value in spec.get("enum") or ()),
            "description": spec.get("description", ""),
        }
        for name, spec in schema.items()
    ]


def schema_of(rows: list[dict[Any, Any]], before: Schema) -> dict[str, dict[str, Any]]:
    """The schema that rows describe; what the table has no column for stays as it was."""
    complete = [row for row in rows if _cell(row, "name") and _cell(row, "type")]
    return {
        name: without_defaults({**before.get(name, {}), **_spec(row)}, PARAM_DEFAULTS)
        for row in complete
        if (name := _cell(row, "name"))
    }


def _spec(row: Mapping[Any, Any]) -> dict[str, Any]:
    kind = _cell(row, "type")
    allowed = [part.strip() for part in _cell(row, "enum").split(",") if part.strip()]
    return {
        "type": kind,
        "required": row.get("required") is True,
        "default": _value(_cell(row, "default"), kind),
        "min": _value(_cell(row, "min"), kind),
        "max": _value(_cell(row, "max"), kind),
        "enum": [_value(text, kind) for text in allowed] or None,
        "description": _cell(row, "description"),
    }


def _cell(row: Mapping[Any, Any], column: str) -> str:
    value = row.get(column)
    return value.strip() if isinstance(value, str) else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) and value else json.dumps(value)


def _value(text: str, kind: str) -> Any:
    """Text as the parameter's type; the engine's check names what does not fit."""
    if not text:
        return None
    if text == EMPTY_TEXT:
        return ""
    if kind in {"text", "uuid", "date", "datetime"}:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text

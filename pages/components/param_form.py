"""Input widgets made from a param schema: the right one per type, with defaults and choices."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.model import ParamSpec

COLUMNS = 2
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
UUID_FORM = (
    r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$",
    "A UUID, such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff.",
)

Choices = Callable[[str], Mapping[Any, str]]
"""Values to offer for a parameter and their labels, by the name of the API that lists them."""


@dataclass(frozen=True)
class ParamForm:
    """A form as drawn: what the caller would send, and a place for a message below each widget."""

    values: dict[str, Any]
    slots: Mapping[str, DeltaGenerator]

    def point_out(self, details: Mapping[str, Any]) -> None:
        """Show the mistakes of a ParamsInvalidError at the fields they are about."""
        for entry in details.get("params", ()):
            if slot := self.slots.get(entry["param"]):
                slot.markdown(f":red[:material/error: {entry['message']}]")


def param_form(schema: Mapping[str, ParamSpec], *, key: str, choices: Choices) -> ParamForm:
    """Draw a widget per parameter.

    An empty optional widget sends nothing, so that the default applies. Values survive page
    changes. Parameters that come from the credentials are named, not asked for.
    """
    asked = {name: spec for name, spec in schema.items() if spec.source is None}
    values: dict[str, Any] = {}
    slots: dict[str, DeltaGenerator] = {}
    if asked:
        columns = st.columns(min(len(asked), COLUMNS), gap="medium")
        for index, (name, spec) in enumerate(asked.items()):
            with columns[index % len(columns)]:
                values[name] = _widget(name, spec, f"{key}-{name}", choices)
                slots[name] = st.empty()
    for name, spec in schema.items():
        if spec.source is not None:
            st.caption(f"`{name}` comes from the caller's credentials (`{spec.source}`).")
    sent = {name: value for name, value in values.items() if value not in (None, "", [])}
    return ParamForm(sent, slots)


def with_values(schema: Mapping[str, ParamSpec], values: Mapping[str, Any]) -> dict[str, ParamSpec]:
    """A schema whose form begins with these values; unknown ones are left out."""
    return {
        name: spec.model_copy(update={"default": values[name]}) if name in values else spec
        for name, spec in schema.items()
    }


def json_input(label: str, key: str, value: Any = None) -> Any:
    """A JSON document to send along; None while it is empty."""
    text = st.text_area(
        label,
        value=None if value is None else json.dumps(value, indent=2),
        key=key,
        placeholder='{"key": "value"}',
        persist_state="session",
    )
    return json_or_text(text) if text else None


def _widget(name: str, spec: ParamSpec, key: str, choices: Choices) -> Any:
    label = f"{name} :red[*]" if spec.required else name
    shared = {"key": key, "help": _help(spec), "persist_state": "session"}
    if spec.enum:
        return _selectbox(label, {each: str(each) for each in spec.enum}, spec, shared)
    if spec.choices:
        return _selectbox(label, choices(spec.choices), spec, shared, free=True)
    return _BY_TYPE[spec.type](label, spec, shared)


def _selectbox(
    label: str,
    labels: Mapping[Any, str],
    spec: ParamSpec,
    shared: dict[str, Any],
    *,
    free: bool = False,
) -> Any:
    options = list(labels)
    return st.selectbox(
        label,
        options,
        index=options.index(spec.default) if spec.default in options else None,
        format_func=lambda value: labels.get(value, str(value)),
        placeholder="choose or type" if free else "choose",
        accept_new_options=free,
        **shared,
    )


def _text(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    return st.text_input(
        label,
        value=spec.default,
        max_chars=spec.max_length,
        type="password" if spec.secret else "default",
        placeholder=_example(spec),
        **shared,
    )


def _uuid(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    value = None if spec.default is None else str(spec.default)
    return st.text_input(
        label, value=value, validate=UUID_FORM, placeholder=_example(spec), **shared
    )


def _integer(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    return st.number_input(
        label,
        value=_number(spec.default, int),
        min_value=_number(spec.min, int),
        max_value=_number(spec.max, int),
        step=1,
        placeholder=_example(spec),
        **shared,
    )


def _float(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    return st.number_input(
        label,
        value=_number(spec.default, float),
        min_value=_number(spec.min, float),
        max_value=_number(spec.max, float),
        placeholder=_example(spec),
        **shared,
    )


def _boolean(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    if isinstance(spec.default, bool):
        return st.toggle(label, value=spec.default, **shared)
    return st.segmented_control(label, [True, False], format_func=_yes_or_no, **shared)


def _date(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    value = st.date_input(
        label,
        value=_iso_date(spec.default),
        min_value=_iso_date(spec.min) or EARLIEST,
        max_value=_iso_date(spec.max) or LATEST,
        format="YYYY-MM-DD",
        **shared,
    )
    return value.isoformat() if isinstance(value, date) else None


def _datetime(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    value = st.datetime_input(
        label,
        value=_iso_datetime(spec.default),
        min_value=_iso_datetime(spec.min) or EARLIEST,
        max_value=_iso_datetime(spec.max) or LATEST,
        format="YYYY-MM-DD",
        **shared,
    )
    return value.isoformat() if isinstance(value, datetime) else None


def _array(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    default = [str(item) for item in spec.default or ()]
    offered = [str(item) for item in (spec.items.enum if spec.items and spec.items.enum else ())]
    return st.multiselect(
        label,
        list(dict.fromkeys([*offered, *default])),
        default=default,
        accept_new_options=not offered,
        placeholder="choose" if offered else "type a value and press Enter",
        **shared,
    )


def _object(label: str, spec: ParamSpec, shared: dict[str, Any]) -> Any:
    value = None if spec.default is None else json.dumps(spec.default, indent=2)
    text = st.text_area(label, value=value, placeholder='{"key": "value"}', **shared)
    return json_or_text(text) if text else None


_BY_TYPE: Mapping[str, Callable[[str, ParamSpec, dict[str, Any]], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _float,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "uuid": _uuid,
    "array": _array,
    "object": _object,
}


def _help(spec: ParamSpec) -> str:
    facts = [spec.description, f"Type `{spec.type}`"]
    if spec.min is not None or spec.max is not None:
        low = "…" if spec.min is None else spec.min
        facts.append(f"from {low} to {'…' if spec.max is None else spec.max}")
    if spec.pattern:
        facts.append(f"pattern `{spec.pattern}`")
    return ". ".join(fact for fact in facts if fact)


def _example(spec: ParamSpec) -> str | None:
    return None if spec.example is None else f"for example {spec.example}"


def _number(value: Any, kind: type[int] | type[float]) -> Any:
    return None if value is None else kind(value)


def _iso_date(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(str(value)[:10])


def _iso_datetime(value: Any) -> datetime | None:
    if value is None:
        return None
    return datetime.fromisoformat(str(value)).replace(tzinfo=None)


def _yes_or_no(value: bool) -> str:  # noqa: FBT001  # Streamlit passes the option
    return "yes" if value else "no"


def json_or_text(text: str) -> Any:
    """The JSON, or the text itself for the engine to refuse by the parameter's name."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text

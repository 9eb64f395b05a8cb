"""The parts of a rule's form: what it watches for, its condition, and what it calls."""

from typing import Any

import orjson
import streamlit as st

from engine.auth import may
from engine.cep.triggers import AGGREGATIONS, METRICS
from engine.model import Caller
from pages.components.context import engine

OPS = (">", ">=", "<", "<=")


def trigger_part(kind: str, spec: dict[str, Any], caller: Caller, key: str) -> dict[str, Any]:
    """The fields of one type of trigger; what is left empty is left out."""
    if kind == "schedule":
        return _schedule(spec, key)
    if kind == "event":
        found = {
            "event_type": _event_type(spec, caller, key),
            "where": _where(spec, key),
            "dedupe_key": st.text_input(
                "Once for each", spec.get("dedupe_key", ""), key=f"{key}-dedupe",
                placeholder="{{event.flight}}", help="A template; needs a cooldown.",
            ),
            "cooldown": _duration("Cooldown", "cooldown", spec, key),
        }  # fmt: skip
        return _said(found)
    return _metric(spec, caller, key)


def action_part(spec: dict[str, Any], caller: Caller, key: str) -> dict[str, Any]:
    """The API that is called, with a template for each of its parameters."""
    names = list(engine().apis.names(caller))
    now = spec.get("api_id")
    api_id = st.selectbox(
        "Calls", names, names.index(now) if now in names else None, key=f"{key}-api",
        placeholder="choose an API",
    )  # fmt: skip
    if api_id is None:
        return {}
    given = spec.get("params") or {} if api_id == now else {}
    schema = engine().apis.get(api_id, caller).param_schema
    columns = st.columns(2)
    params = {
        name: columns[number % 2].text_input(
            f"{name} *" if each.required and each.default is None else name,
            _shown(given.get(name)),
            key=f"{key}-{api_id}-{name}",
            placeholder="{{event.…}}",
            help=each.description or None,
        )
        for number, (name, each) in enumerate(schema.items())
    }
    kept = {name: _value(text, given.get(name)) for name, text in params.items() if text}
    return {"api_id": api_id, **({"params": kept} if kept else {})}


def _metric(spec: dict[str, Any], caller: Caller, key: str) -> dict[str, Any]:
    source = st.segmented_control(
        "Of", ("engine", "events"), default=spec.get("source", "engine"), required=True,
        format_func=lambda each: "the engine's calls" if each == "engine" else "posted events",
        key=f"{key}-source",
    )  # fmt: skip
    left, middle, right = st.columns(3)
    found: dict[str, Any] = {"source": source}
    if source == "engine":
        now = spec.get("field")
        with left:
            found["field"] = st.selectbox(
                "Metric", METRICS, METRICS.index(now) if now in METRICS else None, key=f"{key}-m"
            )
        names = list(engine().apis.names(caller))
        with middle:
            found["api"] = st.selectbox(
                "API", names, names.index(spec["api"]) if spec.get("api") in names else None,
                key=f"{key}-of-api", placeholder="all",
            )  # fmt: skip
    else:
        found["event_type"] = _event_type(spec, caller, key)
        now = spec.get("aggregation", "count")
        with left:
            found["aggregation"] = st.selectbox(
                "Aggregate", AGGREGATIONS, AGGREGATIONS.index(now), key=f"{key}-aggregation"
            )
        with middle:
            found["field"] = st.text_input("Field", spec.get("field", ""), key=f"{key}-field")
        found["group_by"] = st.text_input(
            "For each", spec.get("group_by", ""), key=f"{key}-group", placeholder="carrier"
        )
        found["where"] = _where(spec, key)
    with right:
        found["window"] = _duration("In the last", "window", spec, key, "5m")
    return _said({**found, **_threshold(spec, key)})


def _threshold(spec: dict[str, Any], key: str) -> dict[str, Any]:
    columns = st.columns(4)
    op = columns[0].selectbox("Fires when", OPS, OPS.index(spec.get("op", ">")), key=f"{key}-op")
    return {
        "op": op,
        "value": columns[1].number_input("Value", value=spec.get("value"), key=f"{key}-value"),
        "clear_value": columns[2].number_input(
            "Clears at", value=spec.get("clear_value"), key=f"{key}-clear", placeholder="same"
        ),
        "hold": columns[3].text_input(
            "Held for", spec.get("hold", ""), key=f"{key}-hold", placeholder="0s"
        ),
        "cooldown": _duration("Cooldown", "cooldown", spec, key),
    }


def _schedule(spec: dict[str, Any], key: str) -> dict[str, Any]:
    left, right = st.columns(2)
    return _said(
        {
            "cron": left.text_input(
                "Cron", spec.get("cron", ""), key=f"{key}-cron", placeholder="0 6 * * 1-5",
                help="minute hour day month weekday",
            ),
            "timezone": right.text_input(
                "Time zone", spec.get("timezone", ""), key=f"{key}-zone", placeholder="UTC"
            ),
        }
    )  # fmt: skip


def _where(spec: dict[str, Any], key: str) -> Any:
    """A condition as an expression, or as JSON where it is one of fields."""
    where = spec.get("where")
    if where is None and "field" in spec and "aggregation" not in spec and "source" not in spec:
        where = {name: spec[name] for name in ("field", "op", "value") if name in spec}
    text = st.text_input(
        "With",
        where if isinstance(where, str) else _json(where),
        key=f"{key}-where",
        placeholder="arr_delay > 30 && carrier in ['AA', 'DL']",
        help='An expression, or JSON: {"field": "arr_delay", "op": ">", "value": 30}',
    )
    try:
        return orjson.loads(text) if text.lstrip().startswith("{") else text
    except orjson.JSONDecodeError:
        return text


def _event_type(spec: dict[str, Any], caller: Caller, key: str) -> str | None:
    known = engine().rules.events.types(caller) if may(caller, "events:read") else ()
    names = list(dict.fromkeys((*filter(None, [spec.get("event_type")]), *known)))
    return st.selectbox(
        "Events of type", names, 0 if spec.get("event_type") else None, key=f"{key}-event-type",
        placeholder="any; choose or write one", accept_new_options=True,
    )  # fmt: skip


def _duration(label: str, name: str, spec: dict[str, Any], key: str, default: str = "") -> str:
    return st.text_input(
        label, str(spec.get(name, default)), key=f"{key}-{name}", placeholder="10m"
    )


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _json(value: Any) -> str:
    return "" if value is None else orjson.dumps(value).decode()


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _value(text: str, before: Any) -> Any:
    """What was typed; a value that was no text stays what it was while its text stays."""
    return before if before is not None and text == _shown(before) else text

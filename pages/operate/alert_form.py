"""The form that makes and changes an alert, and what else can be done with one."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.alerting import FIGURES
from engine.auth import may
from engine.model import Caller
from engine.model.alerting import Alert
from pages.components.context import engine
from pages.components.errors import errors_shown, escaped
from pages.components.navigation import ALERTS_PAGE, go, say
from pages.components.state import URL
from pages.operate.alert_list import PHASES, phase

OPERATORS = (">", ">=", "<", "<=")
NEW: Mapping[str, Any] = {"field": "success_rate", "op": "<", "value": 0.95}


@errors_shown()
def alert_form(alert: Alert | None, caller: Caller) -> None:
    """Draw the form with what the alert is now; save it as a whole."""
    spec, of = (dict(alert.spec), alert.id) if alert else (dict(NEW), "new")
    with st.form(f"alert-{of}", border=True):
        name = st.text_input(
            "Name",
            value=alert.alert_name if alert else "",
            placeholder="delays-are-slow",
            key=f"alert-name-{of}",
        )
        about = alert.description if alert else ""
        description = st.text_input("Description", value=about, key=f"alert-description-{of}")
        is_active = st.toggle("Switched on", value=alert.is_active if alert else True)
        sent = _watched(spec, caller)
        delivery = _told(dict(alert.delivery) if alert else {"type": "log"})
        if st.form_submit_button("Save", type="primary", icon=":material/save:", key="save-alert"):
            fields = {
                "alert_name": name,
                "description": description,
                "is_active": is_active,
                "spec": sent,
                "delivery": delivery,
            }
            _save(alert, fields, caller)


def alert_head(alert: Alert, caller: Caller) -> None:
    """Its name and where it stands; beside them, try whom it tells, or delete it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(escaped(alert.alert_name), width="content")
        st.badge(phase(alert), color=PHASES[phase(alert)])
        st.space("stretch")
        if not may(caller, "alerts:write"):
            return
        if st.button("Try", icon=":material/send:", key="try-alert", help="Tells that it is one"):
            engine().alerts.tell(alert.alert_name, caller)
            say("Told; a webhook is called within seconds.")
            st.rerun()
        if st.button("Delete…", icon=":material/delete:", key="delete-alert"):
            _confirm_delete(alert, caller)


@st.dialog("Delete this alert?", icon=":material/delete:")
@errors_shown()
def _confirm_delete(alert: Alert, caller: Caller) -> None:
    st.markdown(f"**{alert.alert_name}** will watch nothing any more. What it told stays.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="keep-alert"):
            st.rerun()
        if st.button("Delete", type="primary", icon=":material/delete:", key="delete-alert-now"):
            engine().alerts.delete(str(alert.id), caller)
            say(f"{alert.alert_name} was deleted.")
            go(ALERTS_PAGE)


def _watched(spec: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    st.subheader("What is watched")
    figure, op, value, clear = st.columns([3, 1, 2, 2])
    field = figure.selectbox("Figure", FIGURES, index=_index(FIGURES, spec.get("field")))
    operator = op.selectbox("Is", OPERATORS, index=_index(OPERATORS, spec.get("op")))
    line = value.number_input("Value", value=float(spec.get("value", 0)), format="%g")
    back = clear.number_input(
        "Clears at", value=spec.get("clear_value"), format="%g", placeholder="the same"
    )
    condition = st.text_area(
        "Or a condition over all figures",
        value=_text(spec.get("condition")),
        placeholder="calls > 20 && success_rate < 0.9",
        help="An expression, or JSON. Takes the place of figure and value.",
    )
    of, reach, hold = st.columns(3)
    names = list(engine().apis.names(caller))
    api = of.selectbox(
        "API", names, index=_index(names, spec.get("api"), None), placeholder="all together"
    )
    window = reach.text_input("Over the last", value=spec.get("window", "5m"))
    held = hold.text_input("For at least", value=spec.get("hold", "0s"))
    common = {"window": window, "hold": held, "clear_hold": spec.get("clear_hold", "0s")}
    if api:
        common["api"] = api
    if condition.strip():
        cleared = spec.get("clear_condition")
        more = {"clear_condition": cleared} if cleared is not None else {}
        return {"condition": _read(condition), **more, **common}
    threshold: dict[str, Any] = {"field": field, "op": operator, "value": line}
    if back is not None:
        threshold["clear_value"] = back
    return {**threshold, **common}


def _told(delivery: Mapping[str, Any]) -> dict[str, Any]:
    st.subheader("Who is told")
    url = st.text_input(
        "Webhook",
        value=delivery.get("url", ""),
        placeholder="https://hooks.example.com/{{secrets.hook}}",
        help="The log is told in any case.",
    )
    if not url.strip():
        return {"type": "log"}
    kept = {name: delivery[name] for name in ("headers", "body", "allow_hosts") if name in delivery}
    return {"type": "webhook", "url": url.strip(), **kept}


def _save(alert: Alert | None, fields: Mapping[str, Any], caller: Caller) -> None:
    alerts = engine().alerts
    saved = alerts.update(str(alert.id), fields, caller) if alert else alerts.create(fields, caller)
    say(f"{saved.alert_name} was saved.")
    go(ALERTS_PAGE, {URL.alert: saved.alert_name})


def _index(options: Any, value: Any, otherwise: int | None = 0) -> Any:
    return list(options).index(value) if value in options else otherwise


def _text(condition: Any) -> str:
    if condition is None or isinstance(condition, str):
        return condition or ""
    return json.dumps(condition)


def _read(text: str) -> Any:
    """The JSON, or the text itself as an expression."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text.strip()

"""The form of a rule: what it watches for, and what it calls."""

from typing import Any

import streamlit as st

from engine.cep.rules import authored
from engine.model import Caller
from engine.model.cep import Rule
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import back_button, go, say
from pages.components.rule_parts import action_part, trigger_part
from pages.operate.rule_trial import rule_trial

RULES_PAGE = "operate/rules.py"
MEANINGS = {
    "event": "for events",
    "metric": "at a line in the metrics",
    "schedule": "by the clock",
}


def new_rule(caller: Caller) -> None:
    """The form of a rule that is not there yet, with a trial of it beside it."""
    back_button(RULES_PAGE, "All rules")
    st.title("New rule")
    left, right = st.columns([3, 2], gap="large")
    with left:
        fields = _fields({"trigger_type": "event", "trigger_spec": {}, "action_spec": {}}, caller)
        with st.container(horizontal=True, gap="small"), errors_shown():
            saves = st.button("Save and switch on", type="primary", key="save-on")
            if st.button("Save switched off", key="save-off") or saves:
                rule = engine().rules.create({**fields, "is_active": saves}, caller)
                say(f"{rule.rule_name} is {'on' if saves else 'saved'}.")
                go(RULES_PAGE, {"rule": rule.rule_name})
            if st.button("Cancel", key="cancel-rule"):
                go(RULES_PAGE)
    with right, errors_shown():
        st.subheader("Try it on the past")
        trial = {name: each for name, each in fields.items() if name != "rule_name"}
        rule_trial(trial, caller, key="trial-new")


def edit_rule(rule: Rule, caller: Caller) -> None:
    """The form of a rule, and saving it."""
    fields = _fields(authored(rule), caller, key=f"rule-{rule.id}-{rule.version}")
    if st.button("Save", type="primary", key="save-rule"):
        saved = engine().rules.update(rule.rule_name, fields, caller, expected_version=rule.version)
        say(f"{saved.rule_name} was saved; it acts in your name now.")
        go(RULES_PAGE, {"rule": saved.rule_name})


def _fields(now: dict[str, Any], caller: Caller, key: str = "rule-new") -> dict[str, Any]:
    name, description = st.columns([1, 2])
    fields: dict[str, Any] = {
        "rule_name": name.text_input(
            "Name", now.get("rule_name", ""), key=f"{key}-name", placeholder="late-arrivals"
        ),
        "description": description.text_input(
            "Description", now.get("description", ""), key=f"{key}-description"
        ),
    }
    chosen = st.segmented_control(
        "Fires",
        list(MEANINGS),
        default=now["trigger_type"],
        format_func=lambda each: MEANINGS[each],
        required=True,
        key=f"{key}-type",
    )
    fields["trigger_type"] = chosen
    spec = now["trigger_spec"] if chosen == now["trigger_type"] else {}
    fields["trigger_spec"] = trigger_part(str(chosen), dict(spec), caller, key)
    fields["action_spec"] = action_part(dict(now["action_spec"]), caller, key)
    return fields

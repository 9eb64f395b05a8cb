"""One rule: how it gets on, what it fired, a trial on the past, and its form."""

import orjson
import pandas as pd
import streamlit as st

from engine.auth import may
from engine.cep.rules import authored
from engine.model import Caller
from engine.model.cep import FiringQuery, Rule
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.navigation import RUNS_PAGE, back_button, go, say
from pages.components.result_view import counted
from pages.components.state import URL
from pages.operate.rule_form import edit_rule
from pages.operate.rule_trial import rule_trial
from pages.operate.rule_words import when

RULES_PAGE = "operate/rules.py"
LOG_SIZE = 50


def one_rule(name: str, caller: Caller) -> None:
    """Draw a rule with its tabs."""
    back_button(RULES_PAGE, "All rules")
    rule = engine().rules.get(name, caller)
    may_write = may(caller, "rules:write")
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.title(rule.rule_name, width="content")
        if may_write:
            with st.container(horizontal=True, width="content", gap="small"):
                _actions(rule, caller)
    state = ":green-badge[on]" if rule.is_active else ":gray-badge[off]"
    st.markdown(f"{state} Fires {when(rule)}, calls **{rule.action_spec.get('api_id')}**.")
    if rule.description:
        st.caption(rule.description)
    _counts(rule)
    names = ["Log", "Try it", "Edit"] if may_write else ["Log"]
    tabs = dict(zip(names, st.tabs(names), strict=True))
    with tabs["Log"]:
        _log(rule, caller)
    if may_write:
        with tabs["Try it"], errors_shown():
            rule_trial(authored(rule), caller, key=f"trial-{rule.id}")
        with tabs["Edit"], errors_shown():
            edit_rule(rule, caller)


def _actions(rule: Rule, caller: Caller) -> None:
    label, icon = ("Switch off", "pause") if rule.is_active else ("Switch on", "play_arrow")
    if st.button(label, icon=f":material/{icon}:", key="toggle-rule"):
        with errors_shown():
            engine().rules.set_active(rule.rule_name, caller, active=not rule.is_active)
            say(f"{rule.rule_name} is {'off' if rule.is_active else 'on'}.")
            st.rerun()
    if st.button("Delete…", icon=":material/delete:", key="delete-rule"):
        _confirm_delete(rule, caller)


@st.dialog("Delete this rule?", icon=":material/delete:")
@errors_shown()
def _confirm_delete(rule: Rule, caller: Caller) -> None:
    st.markdown(f"**{rule.rule_name}** will fire no more. Its log and the API that it calls stay.")
    if st.button("Delete", type="primary", icon=":material/delete:", key="delete-rule-now"):
        engine().rules.delete(rule.rule_name, caller, expected_version=rule.version)
        say(f"The rule {rule.rule_name} was deleted.")
        go(RULES_PAGE)


def _counts(rule: Rule) -> None:
    state = rule.state
    lines = []
    if rule.is_active and (times := engine().rules.next_times(rule)):
        lines.append("Next: " + ", ".join(f"{each:%a %d %b %H:%M %Z}" for each in times))
    if state.get("matched"):
        lines.append(f"{counted(state['matched'], 'event')} matched")
    if state.get("held_back"):
        lines.append(f"{counted(state['held_back'], 'firing')} held back by cooldown or rate")
    lines.append(f"acts in the name of {rule.owner.subject}")
    st.caption(" · ".join(lines))
    if state.get("unreadable"):
        st.warning(
            f"{state['unreadable']:,} events could not be read: {state['unreadable_why']}",
            icon=":material/data_alert:",
        )


@st.fragment(run_every=5)
def _log(rule: Rule, caller: Caller) -> None:
    """The newest firings, anew every few seconds."""
    page = engine().rules.log(FiringQuery(rule_id=rule.id, limit=LOG_SIZE), caller)
    if not page.total:
        st.info(
            "It has not fired yet. **Try it** tells when it would have.", icon=":material/bolt:"
        )
        return
    st.dataframe(
        pd.DataFrame(
            {
                "Fired": [each.fired_at for each in page.items],
                "Outcome": [[each.status] for each in page.items],
                "Group": [each.group for each in page.items],
                "Value": [each.value for each in page.items],
                "Event": [
                    orjson.dumps(each.names.get("event") or None).decode() for each in page.items
                ],
                "Error": [each.error_message or "" for each in page.items],
                "Run": ["Open" if each.execution_id else "" for each in page.items],
            }
        ),
        key=f"firings-{rule.id}",
        placeholder="",
        hide_index=True,
        height="content",
        alt="Firings",
        column_config={
            "Fired": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            "Outcome": st.column_config.MultiselectColumn(
                options=["success", "fail", "timeout", "rejected", "cleared", "pending", "running"],
                color=["green", "red", "orange", "violet", "blue", "gray", "gray"],
                width=90,
            ),
            "Event": st.column_config.TextColumn(width="large"),
            "Run": st.column_config.ButtonColumn("", type="tertiary", width=70, key="open-firing"),
        },
    )
    st.caption(f"{counted(page.total, 'firing')}, times in UTC")
    if opened := st.session_state.get("open-firing"):
        execution_id = page.items[opened.row].execution_id
        if execution_id is not None:
            go(RUNS_PAGE, {URL.run: str(execution_id)})

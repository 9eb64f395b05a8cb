"""The list of rules: search, filters in the URL, switches."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from engine.auth import may
from engine.model import Caller
from engine.model.cep import FiringQuery, Rule, RuleQuery
from pages.components.context import engine
from pages.components.listing import (
    PAGE_SIZE,
    WORK_ORDERS,
    filter_row,
    order_box,
    page_of,
    search_box,
)
from pages.components.navigation import go, say
from pages.components.result_view import counted
from pages.operate.rule_words import when

RULES_PAGE = "operate/rules.py"
STATES = {"all": None, "on": True, "off": False}
TYPES = ("event", "metric", "schedule")


def rule_list(caller: Caller) -> None:
    """Draw filters, table and pages."""
    may_write = may(caller, "rules:write")
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.title("Rules", width="content")
        if may_write and st.button(
            "New rule", type="primary", icon=":material/add:", key="new-rule"
        ):
            go(RULES_PAGE, {"rule": "+"})
    query = _filters()
    page = page_of(
        lambda offset: engine().rules.search(query.model_copy(update={"offset": offset}), caller),
        "rules-p",
    )
    if not page.total:
        st.info(
            "No rule matches. **New rule** calls an API when events come in, when a metric crosses "
            "a line, or by the clock.",
            icon=":material/rule:",
        )
        return
    _table(page.items, caller, may_write=may_write)
    st.caption(counted(page.total, "rule"))


def _filters() -> RuleQuery:
    with filter_row():
        text = search_box("rules-q", "Name or description")
        kind = st.pills(
            "Trigger", TYPES, key="trigger", bind="query-params", label_visibility="collapsed"
        )
        state = st.segmented_control(
            "State",
            list(STATES),
            default="all",
            required=True,
            key="state",
            bind="query-params",
            label_visibility="collapsed",
        )
        order = order_box(WORK_ORDERS, "rules-sort", width=140)
    return RuleQuery(
        q=text, sort=order, trigger_type=kind, is_active=STATES[state or "all"], limit=PAGE_SIZE
    )


def _table(rules: tuple[Rule, ...], caller: Caller, *, may_write: bool) -> None:
    since = datetime.now(UTC) - timedelta(hours=24)
    fired = [
        engine().rules.log(FiringQuery(rule_id=rule.id, since=since, limit=1), caller).total
        for rule in rules
    ]
    columns = {
        "Name": [rule.rule_name for rule in rules],
        "Fires": [when(rule) for rule in rules],
        "Calls": [str(rule.action_spec.get("api_id", "")) for rule in rules],
        "State": [["on" if rule.is_active else "off"] for rule in rules],
        "24 h": fired,
        "In the name of": [rule.owner.subject for rule in rules],
        "Updated": [rule.updated_at for rule in rules],
    }
    if may_write:
        columns["Switch"] = ["Switch off" if rule.is_active else "Switch on" for rule in rules]
    st.dataframe(
        pd.DataFrame(columns),
        key="rules",
        hide_index=True,
        height="content",
        alt="Rules",
        column_config={
            "Name": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, width=190, key="open-rule"
            ),
            "Fires": st.column_config.TextColumn(width=270),
            "Calls": st.column_config.TextColumn(width=140),
            "In the name of": st.column_config.TextColumn(width=100),
            "State": st.column_config.MultiselectColumn(
                options=["on", "off"], color=["green", "gray"], width=70
            ),
            "24 h": st.column_config.NumberColumn(help="Times it fired in 24 hours", width=60),
            "Updated": st.column_config.DatetimeColumn(format="distance"),
            "Switch": st.column_config.ButtonColumn(
                "", type="tertiary", pinned=True, width=100, key="switch-rule"
            ),
        },
    )
    if opened := st.session_state.get("open-rule"):
        go(RULES_PAGE, {"rule": rules[opened.row].rule_name})
    if switched := st.session_state.get("switch-rule"):
        rule = rules[switched.row]
        changed = engine().rules.set_active(rule.rule_name, caller, active=not rule.is_active)
        say(f"{changed.rule_name} is {'on' if changed.is_active else 'off'}.")
        st.rerun()

"""Rules: the list of them, or one with its log, its trial and its form."""

import streamlit as st

from pages.components.context import require_caller
from pages.operate.rule_detail import one_rule
from pages.operate.rule_form import new_rule
from pages.operate.rule_list import rule_list

caller = require_caller()
chosen = st.query_params.get("rule")
if chosen == "+":
    new_rule(caller)
elif chosen:
    one_rule(chosen, caller)
else:
    rule_list(caller)

"""Settings: those that admins change for their tenant, and the instance's as they are in force."""

import json

import pandas as pd
import streamlit as st

from engine.tenant_settings import TenantValues, read_policy
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import say

caller = require_caller()
st.title("Settings")
settings = engine().tenant_settings
values, instance = settings.values(caller), engine().settings

st.subheader("For this tenant")
st.caption(
    "They act at once. A ceiling is looked at when a definition is saved or checked: "
    "what is live stays as it is."
)
with st.form("tenant-settings"), errors_shown():
    left, right = st.columns(2)
    rows = left.number_input(
        "Most rows a policy may ask for",
        value=values.max_rows_ceiling,
        min_value=1,
        placeholder=f"the instance's: {instance.max_rows_ceiling}",
        key="max-rows-ceiling",
    )
    seconds = right.number_input(
        "Longest timeout a policy may ask for, seconds",
        value=values.max_timeout_seconds,
        min_value=0.1,
        placeholder=f"the instance's: {instance.max_timeout_seconds:g}",
        key="max-timeout-seconds",
    )
    policy = st.text_area(
        "Policy of new APIs, as JSON",
        value=json.dumps(values.model_dump(mode="json")["new_api_policy"], indent=2),
        height=140,
        help='What a new API says where its author leaves it out: `{"max_rows": 500}`.',
        key="new-api-policy",
    )
    if st.form_submit_button("Save", type="primary", key="save-settings"):
        wanted = TenantValues(
            key_groups=values.key_groups,
            max_rows_ceiling=rows,
            max_timeout_seconds=seconds,
            new_api_policy=read_policy(policy),
        )
        settings.set(wanted, caller)
        say("The settings were saved.")
        st.rerun()
closed = "every endpoint group" if values.key_groups is None else ", ".join(values.key_groups)
st.markdown(f"API keys may reach {closed or 'nothing'}.")
st.page_link(
    "admin/access.py",
    label="Change what keys may reach",
    icon=":material/key:",
    query_params={"tab": "What keys may reach"},
)

st.subheader("Of the instance")
st.caption("Environment variables, read at the start; secrets are masked.")
only_set = st.toggle("Only what somebody set", key="only-set")
shown = [each for each in settings.instance(caller) if each.is_set or not only_set]
if shown:
    st.dataframe(
        pd.DataFrame(
            [(each.name, each.value, each.is_set, each.description) for each in shown],
            columns=["Variable", "Value", "Set", "Meaning"],
        ),
        hide_index=True,
        height="content",
        alt="Settings of the instance",
    )
else:
    st.info("Every setting has its default.", icon=":material/tune:")

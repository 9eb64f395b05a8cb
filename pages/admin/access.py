"""Who may do what: API keys, users, roles, what keys may reach, and why somebody may or may not."""

import streamlit as st

from engine.auth import authorize_unlimited
from pages.admin.access_keys import key_groups_form, keys_panel
from pages.admin.access_people import users_panel
from pages.admin.access_roles import roles_panel
from pages.admin.access_simulator import simulator
from pages.components.context import require_caller
from pages.components.errors import errors_shown

caller = require_caller()
st.title("Access")
authorize_unlimited(caller, "users:manage")
keys, people, roles, groups, explained = st.tabs(
    ["API keys", "Users", "Roles", "What keys may reach", "Simulator"],
    key="tab",
    bind="query-params",
    on_change="rerun",
)
if keys.open:
    with keys, errors_shown():
        keys_panel(caller)
if people.open:
    with people, errors_shown():
        users_panel(caller)
if roles.open:
    with roles, errors_shown():
        roles_panel(caller)
if groups.open:
    with groups, errors_shown():
        key_groups_form(caller)
if explained.open:
    with explained, errors_shown():
        simulator(caller)

"""The entry of every session: page settings, the caller, and the pages there are."""

from pathlib import Path

import streamlit as st

from pages.components.context import engine, is_open, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import show_notice
from pages.components.sign_in import account

SIDEBAR_PX = 220
ASSETS = Path(__file__).parent / "assets"

st.set_page_config(
    page_title="API Engine", page_icon="🛰️", layout="wide", initial_sidebar_state=SIDEBAR_PX
)

st.logo(str(ASSETS / "logo.svg"), size="large")

with errors_shown():
    # Also who has to sign in first gets the page of the link that was opened.
    page = st.navigation(
        {
            "": [
                st.Page(
                    "home.py",
                    title="Home",
                    icon=":material/space_dashboard:",
                    help="What is here, health, recent failures",
                    default=True,
                )
            ],
            "Build": [
                st.Page(
                    "build/apis.py",
                    title="APIs",
                    icon=":material/api:",
                    help="Find, run and manage APIs",
                ),
                st.Page(
                    "build/new.py",
                    title="New API",
                    icon=":material/add_circle:",
                    url_path="new-api",
                    help="Start an API from a query, a call, a script or a workflow",
                ),
                st.Page(
                    "build/policy_lab.py",
                    title="Policy lab",
                    icon=":material/science:",
                    url_path="policy-lab",
                    help="Let a target fail and see how the policies react",
                ),
                # The name is not `api`: that path is the REST API's.
                st.Page("build/api.py", title="API", url_path="definition", visibility="hidden"),
            ],
            "Operate": [
                st.Page(
                    "operate/runs.py",
                    title="Runs",
                    icon=":material/history:",
                    help="The execution log",
                ),
                st.Page(
                    "operate/metrics.py",
                    title="Metrics",
                    icon=":material/monitoring:",
                    help="Calls, durations, errors and cache hits over time",
                ),
                st.Page(
                    "operate/breakers.py",
                    title="Breakers",
                    icon=":material/electric_bolt:",
                    help="State and history of circuit breakers; force and reset them",
                ),
                st.Page(
                    "operate/cache.py",
                    title="Cache",
                    icon=":material/cached:",
                    help="Hit rate, what is cached, dropping answers",
                ),
                st.Page(
                    "operate/limits.py",
                    title="Limits",
                    icon=":material/speed:",
                    help="Who uses how much of which rate limit now",
                ),
            ],
            "Admin": [
                st.Page(
                    "admin/connections.py",
                    title="Connections",
                    icon=":material/database:",
                    help="Query targets and their tables",
                ),
                st.Page(
                    "admin/secrets.py",
                    title="Secrets",
                    icon=":material/key:",
                    help="What HTTP APIs use and nobody may read",
                ),
                st.Page(
                    "admin/access.py",
                    title="Access",
                    icon=":material/admin_panel_settings:",
                    help="API keys, users, roles, and who may do what",
                ),
                st.Page(
                    "admin/security.py",
                    title="Security",
                    icon=":material/shield:",
                    help="What makes this instance easier to attack",
                ),
            ],
        },
        position="sidebar" if is_open() else "hidden",
    )
    caller = require_caller()
    account(engine().auth, caller)
    show_notice()
    page.run()

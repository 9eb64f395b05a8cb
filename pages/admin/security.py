"""What makes this instance easier to attack, what to do about each, and who changed what."""

import streamlit as st

from engine.auth import authorize
from engine.model import Caller
from pages.admin.audit_log import audit_log
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown


def findings_list(caller: Caller) -> None:
    """Look at everything, and say what was found."""
    with st.spinner("Looking at settings, connections and the sandbox"):
        findings = engine().audit.findings(caller)
    if not findings:
        st.success("Nothing was found.", icon=":material/verified_user:")
    for finding in findings:
        st.warning(
            f"{finding.message}\n\n:material/lightbulb: {finding.advice}",
            title=finding.about,
            icon=":material/warning:",
        )


caller = require_caller()
st.title("Security")
authorize(caller, "settings:manage")
weaknesses, log = st.tabs(
    ["Weaknesses", "Audit log"], key="tab", bind="query-params", on_change="rerun"
)
if weaknesses.open:
    with weaknesses, errors_shown():
        findings_list(caller)
if log.open:
    with log, errors_shown():
        audit_log(caller)

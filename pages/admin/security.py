"""What makes this instance easier to attack, and what to do about each."""

import streamlit as st

from pages.components.context import engine, require_caller

caller = require_caller()
st.title("Security")
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

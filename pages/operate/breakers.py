"""Circuit breakers: how they stand, what they went through, and an operator's hand on them."""

import streamlit as st

from pages.components.context import engine, require_caller
from pages.operate.breaker_controls import breaker_controls
from pages.operate.breaker_panels import breaker_history, breaker_table

caller = require_caller()
st.title("Circuit breakers")
breakers = engine().policies.breakers(caller)
if not breakers:
    st.info(
        "No published API has a circuit breaker. **New API** starts one; its policy has a breaker "
        "unless you switch it off.",
        icon=":material/electric_bolt:",
    )
    st.stop()

breaker_table(caller)
breaker_controls(breakers, caller)
st.subheader("History")
breaker_history(caller)

"""What an import would make: the APIs, what is wrong with them, and what is left out."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.importing import Plan, PlannedApi


def preview(plan: Plan) -> None:
    """Draw a plan."""
    if plan.apis:
        st.dataframe(
            pd.DataFrame(
                [_row(each) for each in plan.apis],
                columns=["Name", "From", "Type", "Parameters", "State", "Notes"],
            ),
            hide_index=True,
            height="content",
            alt="What would be made",
        )
    else:
        st.info("There is nothing in it that can become an API.", icon=":material/inbox:")
    if plan.missing_secrets:
        with st.container(horizontal=True, vertical_alignment="center"):
            names = ", ".join(f"`{name}`" for name in plan.missing_secrets)
            st.warning(f"They use secrets that are not stored: {names}", icon=":material/key:")
            st.page_link("admin/secrets.py", label="Store them", icon=":material/arrow_forward:")
    _problems("Cannot be published as they are", _errors(plan.apis))
    _problems("Left out", [(left.origin, left.reason) for left in plan.left_out])


def _row(planned: PlannedApi) -> tuple[str, ...]:
    state = "name is taken" if planned.exists else "to mend" if planned.errors else "ready"
    definition = planned.definition
    return (
        planned.name,
        planned.origin,
        definition.logic_type,
        ", ".join(definition.param_schema),
        state,
        "; ".join(planned.notes),
    )


def _errors(apis: Sequence[PlannedApi]) -> list[tuple[str, str]]:
    return [(each.origin, issue.message) for each in apis for issue in each.errors]


def _problems(title: str, rows: list[tuple[str, str]]) -> None:
    if not rows:
        return
    with st.expander(f"{title} ({len(rows)})", icon=":material/report:", expanded=True):
        st.dataframe(
            pd.DataFrame(rows, columns=["From", "Why"]),
            hide_index=True,
            height="content",
            alt=title,
        )

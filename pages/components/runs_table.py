"""The execution log as a table whose rows open."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.model import ExecutionRecord
from pages.components.colors import STATUS_COLORS
from pages.components.navigation import open_run

STATUSES = ("success", "fail", "timeout", "rejected")


COLUMNS = ("When", "API", "Status", "ms", "Rows", "Source", "By", "Version", "Cache", "Error")
IN_SHORT = ("When", "API", "Status", "Error")


def runs_table(
    records: Sequence[ExecutionRecord],
    *,
    key: str,
    with_api: bool = True,
    columns: Sequence[str] = COLUMNS,
) -> None:
    """Draw the rows; a click on the time opens that run."""
    st.dataframe(
        runs_frame(records),
        key=key,
        hide_index=True,
        height="content",
        placeholder="",
        alt="Runs",
        column_order=[name for name in columns if with_api or name != "API"],
        column_config={
            "When": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, key=f"{key}-open"
            ),
            "Status": st.column_config.MultiselectColumn(
                options=STATUSES, color=[STATUS_COLORS[each] for each in STATUSES]
            ),
            "ms": st.column_config.NumberColumn(format="%.1f"),
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Error": st.column_config.TextColumn(width="large"),
        },
    )
    if opened := st.session_state.get(f"{key}-open"):
        open_run(records[opened.row].id)


def runs_frame(records: Sequence[ExecutionRecord]) -> pd.DataFrame:
    """One row per execution, in the order given; times are UTC."""
    return pd.DataFrame([_row(record) for record in records], columns=list(COLUMNS))


def _row(record: ExecutionRecord) -> tuple[object, ...]:
    return (
        f"{record.created_at:%Y-%m-%d %H:%M:%S}",
        record.api_name,
        [record.status],
        record.duration_ms,
        record.rows_affected,
        record.source,
        record.executed_by,
        record.api_version or None,
        "hit" if record.cached else "",
        record.error_message,
    )

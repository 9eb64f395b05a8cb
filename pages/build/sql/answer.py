"""The result of a query in four views: rows, chart, plan and advice."""

from collections.abc import Callable

import streamlit as st

from engine.checking import CheckReport
from engine.model import ExecutionResult
from pages.build.sql.chart import answer_chart
from pages.components.errors import error_block, errors_shown, issue_list
from pages.components.result_view import answer, remarks
from pages.components.sql.plan_words import plan_words
from pages.components.state import WorkingCopy

VIEWS = ("Rows", "Chart", "Plan", "Advice")


def query_answer(
    work: WorkingCopy, report: CheckReport, plan: Callable[[], str], *, key: str
) -> None:
    """Draw the view that is open."""
    result = work.result[0] if work.result else None
    tabs = st.tabs(VIEWS, key=f"{key}-views", on_change="rerun")
    rows, chart, planned, advice = tabs
    if rows.open:
        with rows:
            _rows(result, key)
    if chart.open:
        with chart:
            _chart(result, key)
    if planned.open:
        with planned, errors_shown():
            _plan(plan())
    if advice.open:
        with advice:
            _advice(report)
    if result is not None:
        remarks(result)


def _rows(result: ExecutionResult | None, key: str) -> None:
    if result is None:
        _how_to_run()
    elif result.error is not None:
        error_block(result.error)
    else:
        answer(result, key=key)
        if result.rows:
            types = [f"{name} `{kind}`" for name, kind in column_types(result)]
            st.caption(" · ".join(types))


def _chart(result: ExecutionResult | None, key: str) -> None:
    if result is None or not result.rows:
        st.info("A chart needs rows: **Ctrl+Enter** runs the query.", icon=":material/bar_chart:")
    else:
        answer_chart(result.df(), key=f"{key}-chart")


def _plan(text: str) -> None:
    words = plan_words(text)
    if words:
        st.markdown("\n".join(f"{number}. {line}" for number, line in enumerate(words, 1)))
    with st.expander("The plan as the database writes it", expanded=not words):
        st.code(text, None)


def _advice(report: CheckReport) -> None:
    warnings = [issue for issue in report.issues if issue.severity == "warning"]
    if warnings:
        issue_list(warnings)
    elif report.valid:
        st.caption(":material/check: Nothing to improve was found.")
    else:
        st.caption("Mend the errors below the editor first.")


def column_types(result: ExecutionResult) -> list[tuple[str, str]]:
    """The columns of an answer with the database's names of their types."""
    columns = result.data["columns"] if isinstance(result.data, dict) else ()
    return [(column["name"], column["type"]) for column in columns]


def _how_to_run() -> None:
    st.info("**Ctrl+Enter** runs the draft on real data.", icon=":material/play_arrow:")

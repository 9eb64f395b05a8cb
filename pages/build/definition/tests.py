"""The test cases of an API: run, looked at, written."""

import pandas as pd
import streamlit as st

from engine.model import ApiDefinition, Caller
from engine.model.testing import Against, ApiTestCase, CaseOutcome, CaseReport, Expectation
from pages.build.definition.test_form import test_dialog
from pages.components.context import engine
from pages.components.errors import errors_shown, escaped
from pages.components.navigation import RUNS_PAGE
from pages.components.result_view import counted, duration
from pages.components.state import TEST_REPORTS, URL

SIDES = {"live": "Live", "draft": "Draft"}
COLUMNS = ("Name", "Last run", "ms", "Sends", "Expects")


@errors_shown()
def tests_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the list with what the last run in this session said, and the report."""
    cases = engine().tests.all(api.api_name, caller)
    against, run = _toolbar(api, caller, any_cases=bool(cases))
    if not cases:
        st.info(
            "No test cases yet. **Add a test case** writes one; a run in the log can be kept as "
            "one, with its answer as what is expected.",
            icon=":material/fact_check:",
        )
        return
    reports = TEST_REPORTS.get()
    if run:
        with st.spinner("Running the test cases"):
            reports[str(api.id)] = engine().tests.run(api.api_name, caller, against=against)
    report = reports.get(str(api.id))
    _table(api, cases, report, caller)
    if report is not None:
        _report(report)


def _toolbar(api: ApiDefinition, caller: Caller, *, any_cases: bool) -> tuple[Against, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        side = st.segmented_control(
            "Run them on",
            list(SIDES),
            default="live" if api.version else "draft",
            required=True,
            format_func=SIDES.__getitem__,
            key=f"tests-side-{api.id}",
        )
        run = st.button(
            "Run all",
            type="primary",
            icon=":material/play_arrow:",
            key="run-tests",
            disabled=not any_cases,
        )
        st.space("stretch")
        if st.button("Add a test case", icon=":material/add:", key="add-test"):
            test_dialog(api, None, caller)
    return "draft" if side == "draft" else "live", run


def _table(
    api: ApiDefinition, cases: tuple[ApiTestCase, ...], report: CaseReport | None, caller: Caller
) -> None:
    key = f"tests-{api.id}"
    outcomes = {each.name: each for each in report.outcomes} if report else {}
    rows = [_row(case, outcomes.get(case.name)) for case in cases]
    st.dataframe(
        pd.DataFrame(rows, columns=list(COLUMNS)),
        key=key,
        hide_index=True,
        height="content",
        placeholder="",
        alt="Test cases",
        column_config={
            "Name": st.column_config.ButtonColumn(
                type="tertiary", alignment="left", pinned=True, key=f"{key}-open"
            ),
            "Last run": st.column_config.MultiselectColumn(
                options=["passed", "failed"], color=["green", "red"]
            ),
            "ms": st.column_config.NumberColumn(format="%.1f"),
            "Expects": st.column_config.TextColumn(width="large"),
        },
    )
    if opened := st.session_state.get(f"{key}-open"):
        test_dialog(api, cases[opened.row], caller)


def _row(case: ApiTestCase, outcome: CaseOutcome | None) -> tuple[object, ...]:
    sends = ", ".join(f"{name}={value}" for name, value in case.params.items())
    verdict = [] if outcome is None else ["passed" if outcome.passed else "failed"]
    took = None if outcome is None else outcome.duration_ms
    payload = "input" if case.input_payload is not None else ""
    return (
        case.name,
        verdict,
        took,
        ", ".join(part for part in (sends, payload) if part) or "nothing",
        words_of(case.expect),
    )


def words_of(expect: Expectation) -> str:
    """What is expected, in words."""
    rows = {expect.min_rows, expect.max_rows} - {None}
    parts = [
        expect.status if expect.error_type is None else f"{expect.status}: {expect.error_type}",
        _rows_in_words(expect) if rows else "",
        f"columns {', '.join(expect.columns)}" if expect.columns else "",
        *(_value_in_words(value.path, value.equals) for value in expect.values),
        f"within {expect.max_latency_ms:g} ms" if expect.max_latency_ms else "",
    ]
    return " · ".join(part for part in parts if part)


def _rows_in_words(expect: Expectation) -> str:
    if expect.min_rows == expect.max_rows and expect.min_rows is not None:
        return counted(expect.min_rows, "row")
    if expect.max_rows is None:
        return f"at least {counted(expect.min_rows or 0, 'row')}"
    least = f"{expect.min_rows} to " if expect.min_rows else "at most "
    return f"{least}{counted(expect.max_rows, 'row')}"


def _value_in_words(path: str, equals: object) -> str:
    return path if equals is None else f"{path} = {equals}"


def _report(report: CaseReport) -> None:
    failed = report.failed
    passed = len(report.outcomes) - len(failed)
    color, icon = ("red", "error") if failed else ("green", "check_circle")
    st.markdown(
        f":{color}[:material/{icon}: **{passed} passed, {len(failed)} failed**] on "
        f"{report.against} · {duration(report.duration_ms)} · {report.started_at:%H:%M:%S} UTC"
    )
    for outcome in failed:
        lines = [f"- {escaped(failure)}" for failure in outcome.failures]
        st.error("\n".join(lines), title=outcome.name, icon=":material/error:")
        st.page_link(
            RUNS_PAGE,
            label="Open its run",
            icon=":material/history:",
            query_params={URL.run: str(outcome.execution_id)},
        )

"""The one place where a failure of the engine becomes something on the screen."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from engine.errors import EngineError
from engine.model import ErrorInfo, Issue
from engine.outcome import error_info

TITLES: Mapping[str, str] = {
    "params_invalid": "Some parameters do not fit",
    "definition_invalid": "The definition cannot be used",
    "query_failed": "The database refused the statement",
    "timeout": "It took too long",
    "rate_limited": "Too many calls",
    "concurrency_limited": "Too many calls at once",
    "cancelled": "It was stopped",
    "breaker_open": "The circuit breaker is open",
    "target_unavailable": "The target cannot be reached",
    "store_unavailable": "The metadata database cannot be reached",
    "not_found": "There is no such thing",
    "conflict": "Somebody was faster",
    "api_inactive": "The API is switched off",
    "permission_denied": "Not allowed",
}


@contextmanager
def errors_shown() -> Iterator[None]:
    """Draw an EngineError of the block where it was raised and go on after the block.

    Fragments need it as well as the router: a rerun of a fragment does not pass the router.
    """
    try:
        yield
    except EngineError as error:
        error_block(error_info(error))


def error_block(error: ErrorInfo) -> None:
    """What went wrong, every particular of it, and what to do next."""
    lines = [escaped(error.message)]
    lines += [f"- {line}" for line in particulars(error.details)]
    if error.hint:
        lines.append(f"\n:material/lightbulb: {escaped(error.hint)}")
    title = TITLES.get(error.type, error.type.replace("_", " ").capitalize())
    st.error("\n".join(lines), title=f"{title} · {error.type}", icon=":material/error:")


def particulars(details: Mapping[str, Any]) -> list[str]:
    """The mistakes that `details` lists: of parameters, or of a definition; no mere advice."""
    mistakes = [
        f"**{escaped(str(entry.get('param')))}** {escaped(str(entry.get('message')))}"
        for entry in details.get("params", ())
    ]
    issues = [Issue.model_validate(raw) for raw in details.get("issues", ())]
    return mistakes + [issue_line(issue) for issue in issues if issue.severity == "error"]


def issue_list(issues: Sequence[Issue]) -> None:
    """Findings of a check: errors first, then advice."""
    marks = {"error": ":red[:material/error:]", "warning": ":orange[:material/warning:]"}
    lines = [
        f"{mark} {issue_line(issue)}"
        for severity, mark in marks.items()
        for issue in issues
        if issue.severity == severity
    ]
    if lines:
        st.markdown("  \n".join(lines))


def issue_line(issue: Issue) -> str:
    """One finding in a line: where, what, and what would be right."""
    where = f"line {issue.line}" if issue.line else issue.path
    if issue.line and issue.column:
        where = f"line {issue.line}, column {issue.column}"
    text = f"**{escaped(where)}** {escaped(issue.message)}" if where else escaped(issue.message)
    return f"{text} — {escaped(issue.suggestion)}" if issue.suggestion else text


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: messages quote names and SQL of authors."""
    for mark in "\\`*_[]$<>|~#:":
        text = text.replace(mark, f"\\{mark}")
    return text

"""The code editor: SQL, Python or JSON, with completion, issues at their lines, Ctrl+Enter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st

from engine.model import Issue
from pages.components.editors.asset_component import asset_component
from pages.components.state import EDITOR_INSERTS, EDITOR_REVS

_mount = asset_component("code-editor")

Language = Literal["sql", "python", "json"]
LANGUAGES: Mapping[str, Language] = {
    "sql": "sql",
    "http": "json",
    "script": "python",
    "workflow": "json",
}
"""The language each logic type is written in."""


@dataclass(frozen=True)
class EditorEvent:
    """The editor's text, and what the author asked for in this run.

    `run` is the text to run (the selection, or all) and `save` the text to save, else None.
    """

    text: str
    run: str | None = None
    save: str | None = None


def editor_event(key: str, text: str, *, rev: int) -> EditorEvent:
    """What the editor says, before it is drawn; `text` where it has not been touched.

    Asking first lets a page run the text and then draw the editor with the issues it found.
    A `rev` the editor has not seen means that `text` replaces what was typed.
    """
    _follow(key, text, rev)
    state = st.session_state.get(key) or {}
    typed = state.get("value")
    return EditorEvent(text if typed is None else typed, state.get("run"), state.get("save"))


def code_editor(
    text: str,
    language: Language,
    *,
    key: str,
    label: str,
    rev: int,
    on_text: Callable[[str], None],
    schema: Mapping[str, Sequence[str]] | None = None,
    params: Sequence[str] = (),
    issues: Sequence[Issue] = (),
    height: int = 320,
    placeholder: str = "",
) -> None:
    """Draw the editor; what was typed wins over `text` until `rev` changes.

    Args:
        on_text: Takes what was typed as soon as it arrives, also when the run it arrives with does
            not draw the editor: the author typed and went to another tab at once.
        schema: Column names by table name, for completion.
        params: Parameter names, for completion.
        issues: Findings to mark; those without a line are left to the page.
    """
    _follow(key, text, rev)
    number, inserted = EDITOR_INSERTS.get().get(key, (0, ""))
    _mount(
        key=key,
        default={"value": text},
        data={
            "value": text,
            "rev": rev,
            "language": language,
            "schema": {name: list(columns) for name, columns in (schema or {}).items()},
            "params": list(params),
            "diagnostics": [_diagnostic(issue) for issue in issues if issue.line],
            "height": height,
            "placeholder": placeholder,
            "label": label,
            "insert": {"number": number, "text": inserted},
        },
        on_value_change=partial(_pass_on, key, on_text),
        on_run_change=_no_callback,
        on_save_change=_no_callback,
    )


def insert_at_cursor(key: str, text: str) -> None:
    """Let an editor insert a text where its cursor stands, when it is drawn next."""
    number, _ = EDITOR_INSERTS.get().get(key, (0, ""))
    EDITOR_INSERTS.get()[key] = (number + 1, text)


def _follow(key: str, text: str, rev: int) -> None:
    """Take `text` for what was typed when `rev` is not the one the editor was last given."""
    if EDITOR_REVS.get().get(key, rev) != rev:
        st.session_state[key] = {"value": text}
    EDITOR_REVS.get()[key] = rev


def _diagnostic(issue: Issue) -> dict[str, object]:
    message = f"{issue.message} — {issue.suggestion}" if issue.suggestion else issue.message
    return {
        "line": issue.line,
        "column": issue.column,
        "severity": issue.severity,
        "message": message,
    }


def _pass_on(key: str, on_text: Callable[[str], None]) -> None:
    on_text(st.session_state[key]["value"])


def _no_callback() -> None:
    """Streamlit tells of a trigger only when a callback is named for it."""

"""Edits an API: definition on the left, live result on the right, nothing live until published."""

from typing import Any

import streamlit as st

from engine.model import ApiDefinition, Caller
from engine.ports import TableInfo
from pages.build.definition import working_copy
from pages.build.definition.fields import completion, connection_field, other_fields
from pages.build.definition.settle import settle
from pages.build.definition.toolbar import status_words, toolbar
from pages.build.workflow.bench import workflow_bench
from pages.components.choices import choices_for
from pages.components.context import tables_of
from pages.components.editors.code import LANGUAGES, EditorEvent, code_editor, editor_event
from pages.components.errors import errors_shown, issue_list
from pages.components.param_form import ParamForm, json_input, param_form
from pages.components.result_view import result_view
from pages.components.state import WorkingCopy

LEAST_PANE_PX = 400
EDITOR_PX = 400
FRAGMENT = "edit"


@st.fragment(key=FRAGMENT)
@errors_shown()
def edit_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the workbench of the API's type."""
    work = working_copy.working_copy(api, caller)
    if work.fields["logic_type"] == "workflow":
        workflow_bench(api, work, caller, around=FRAGMENT)
    else:
        _code_bench(api, work, caller)


def _code_bench(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> None:
    """Draw the workbench, then do what its buttons, Ctrl+Enter and Ctrl+S ask for.

    Nothing is done before every widget has been read: the press of a button arrives together with
    the last edit of a field.
    """
    key = f"body-{api.id}"
    event = editor_event(key, work.fields["logic_body"], rev=work.rev)
    work.fields["logic_body"] = event.text
    pressed = toolbar(api, work)
    bench = st.grid(2, min_column_width=LEAST_PANE_PX, gap="medium")
    with bench.cell():
        logic, *others = st.tabs(["Logic", "Parameters", "Policy", "Details"])
        with logic:
            tables = _tables(work, caller)
            editor = st.container()
            issues = st.container()
        report = working_copy.checked(work, caller)
        other_fields(work, report, *others)
        with issues:
            issue_list(report.issues)
    with bench.cell():
        form, payload = _inputs(work, caller)
        if pressed.action == "preview" or event.run is not None:
            _preview(api, work, caller, event, form, payload)
        _outcome(work, form)
    with editor:
        code_editor(
            work.fields["logic_body"],
            LANGUAGES[work.fields["logic_type"]],
            key=key,
            label=f"Logic of {api.api_name}",
            rev=work.rev,
            on_text=work.set_body,
            schema=completion(tables),
            params=list(work.fields["param_schema"]),
            height=EDITOR_PX,
            issues=[*report.issues, *working_copy.failure_issues(work)],
        )
    settle(api, work, caller, "save" if event.save is not None else pressed.action, pressed.note)
    differs = work.fields != working_copy.live_fields(api)
    pressed.status.markdown(status_words(api, work, differs=differs))


def _tables(work: WorkingCopy, caller: Caller) -> tuple[TableInfo, ...]:
    if work.fields["logic_type"] != "sql":
        return ()
    tables: tuple[TableInfo, ...] = ()
    if connection := work.fields["connection"]:
        with errors_shown():
            tables = tables_of(connection, caller)
    connection_field(work, caller, tables)
    return tables


def _inputs(work: WorkingCopy, caller: Caller) -> tuple[ParamForm, Any]:
    specs = working_copy.param_specs(work)
    form = param_form(specs, key=f"preview-{work.rev}", choices=choices_for(caller))
    if work.fields["logic_type"] == "sql":
        return form, None
    return form, json_input("Input payload", f"preview-payload-{work.rev}")


def _preview(
    api: ApiDefinition,
    work: WorkingCopy,
    caller: Caller,
    event: EditorEvent,
    form: ParamForm,
    payload: Any,
) -> None:
    with errors_shown():
        working_copy.preview(
            api,
            work,
            caller,
            body=event.run or event.text,
            params=form.values,
            input_payload=payload,
        )


def _outcome(work: WorkingCopy, form: ParamForm) -> None:
    if work.result is None:
        st.info("**Ctrl+Enter** runs the draft on real data.", icon=":material/play_arrow:")
        return
    result = work.result[0]
    form.point_out(result.error.details if result.error else {})
    result_view(result, key="preview-answer")

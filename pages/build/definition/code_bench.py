"""The workbench of what is written as text: a query, a request or a script."""

import streamlit as st

from engine.checking import CheckReport
from engine.model import ApiDefinition, Caller
from pages.build.definition import sides, working_copy
from pages.build.definition.answers import answer_views
from pages.build.definition.fields import other_fields
from pages.build.definition.settle import settle
from pages.build.definition.test_drawer import test_drawer
from pages.build.definition.toolbar import Pressed, say_how_it_stands, toolbar
from pages.components.editors.code import LANGUAGES, EditorEvent, code_editor, editor_event
from pages.components.errors import errors_shown, issue_list
from pages.components.running import running_view
from pages.components.state import WorkingCopy

LEAST_PANE_PX = 300
EDITOR_PX = 400


def code_bench(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> None:
    """Draw the workbench, then do what its buttons, Ctrl+Enter and Ctrl+S ask for.

    Nothing is done before every widget has been read: the press of a button arrives together with
    the last edit of a field.
    """
    key = f"body-{api.id}"
    event = editor_event(key, work.fields["logic_body"], rev=work.editor_rev)
    work.fields["logic_body"] = event.text
    pressed = toolbar(api, work, caller)
    bench = st.grid(2, min_column_width=LEAST_PANE_PX, gap="medium")
    with bench.cell():
        side = sides.SIDES[work.fields["logic_type"]](api, work, caller, key)
        report = working_copy.checked(work, caller)
        other_fields(work, report, *side.others)
        with side.issues:
            issue_list(side.shown(report.issues))
    with bench.cell():
        _try_out(api, work, caller, report, pressed, event)
    with side.editor:
        code_editor(
            work.fields["logic_body"],
            LANGUAGES[work.fields["logic_type"]],
            key=key,
            label=f"Logic of {api.api_name}",
            rev=work.editor_rev,
            on_text=work.set_body,
            schema=side.completion,
            params=list(work.fields["param_schema"]),
            height=EDITOR_PX,
            issues=[*report.issues, *working_copy.failure_issues(work)],
        )
    settle(api, work, caller, "save" if event.save is not None else pressed.action, pressed)
    differs = work.fields != working_copy.live_fields(api)
    say_how_it_stands(pressed, api, work, differs=differs, is_running=work.test is not None)


def _try_out(
    api: ApiDefinition,
    work: WorkingCopy,
    caller: Caller,
    report: CheckReport,
    pressed: Pressed,
    event: EditorEvent,
) -> None:
    form, payload = test_drawer(work, caller)
    if pressed.action == "preview" or event.run is not None:
        with errors_shown():
            working_copy.preview(
                api,
                work,
                caller,
                body=event.run or work.fields["logic_body"],
                params=form.values,
                input_payload=payload,
            )
    working_copy.settle_test(work)
    if work.test is not None:
        running_view(work.test[0], lambda: "The test is running", key="preview")
        return
    if work.result is not None and (error := work.result[0].error) is not None:
        form.point_out(error.details)
    answer_views(api, work, caller, report, form.values, payload)

"""The workbench of a workflow: drawn or written on the left, steps and tests on the right."""

from collections.abc import Sequence
from typing import get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.model import ApiDefinition, Caller
from pages.build.definition import working_copy
from pages.build.definition.fields import other_fields
from pages.build.definition.settle import settle
from pages.build.definition.test_drawer import test_drawer
from pages.build.definition.toolbar import say_how_it_stands, toolbar
from pages.build.workflow.apis import callable_apis
from pages.build.workflow.board import board
from pages.build.workflow.inspector import LastRun, inspector
from pages.build.workflow.testing import begin, outcome, settle_run
from pages.components.editors.code import code_editor, editor_event
from pages.components.errors import issue_list
from pages.components.state import WorkingCopy
from pages.components.workflow.answers import records_of
from pages.components.workflow.desk import Pane, WorkflowDesk

EDITOR_PX = 460
LEAST_THIRD_PX = 195


def workflow_bench(api: ApiDefinition, work: WorkingCopy, caller: Caller, *, around: str) -> None:
    """Draw the bench, then do what was asked for; `around` is the fragment that draws it.

    Canvas, JSON and form show one body (see `WorkflowDesk`). The form is read first, so that the
    other two show what was just changed in it.
    """
    desk = _desk(work)
    key = f"body-{api.id}"
    settle_run(work, desk)
    desk.renew(work.fields["logic_body"], work.rev)
    event = editor_event(key, desk.body, rev=work.rev + desk.revs["json"])
    desk.follow(event.text)
    asked = desk.take_asked()
    pressed = toolbar(api, work, caller)
    is_run = pressed.action == "preview" or asked == "run" or event.run is not None
    apis = callable_apis(caller, but=api.api_name, wanted=desk.wanted)
    if is_run and desk.until is None:
        desk.pane = "Test"
    grid = st.grid(3, min_column_width=LEAST_THIRD_PX, gap="medium")
    definition, at_hand = grid.cell(column_span=2), grid.cell()
    with at_hand:
        step, test = _panes(desk, f"at-hand-{api.id}")
    with step:
        last = _last_run(work, caller)
        rev = f"{desk.revs['inspector']}-{work.key}"
        inspector(desk, last, apis, working_copy.param_specs(work), rev=rev)
    work.set_body(desk.body)
    with definition:
        drawn, written, *others = st.tabs(["Canvas", "JSON", "Parameters", "Policy", "Details"])
        issues = st.container()
    report = working_copy.checked(work, caller)
    other_fields(work, report, *others)
    with test:
        form, payload = test_drawer(work, caller)
        if is_run:
            begin(api, work, desk, caller, form, payload)
        outcome(work, desk, form)
    with issues:
        issue_list(report.issues)
    with drawn:
        board(
            work,
            desk,
            key=f"canvas-{api.id}",
            label=f"Canvas of {api.api_name}",
            apis=apis,
            issues=report.issues,
            around=around,
        )
    with written:
        code_editor(
            desk.body,
            "json",
            key=key,
            label=f"Logic of {api.api_name}",
            rev=work.rev + desk.revs["json"],
            on_text=desk.follow,
            height=EDITOR_PX,
            issues=[*report.issues, *working_copy.failure_issues(work)],
        )
    is_save = asked == "save" or event.save is not None
    settle(api, work, caller, "save" if is_save else pressed.action, pressed)
    differs = work.fields != working_copy.live_fields(api)
    say_how_it_stands(pressed, api, work, differs=differs, is_running=desk.run is not None)


def _desk(work: WorkingCopy) -> WorkflowDesk:
    if work.desk is None:
        work.desk = WorkflowDesk(work.fields["logic_body"], work_rev=work.rev)
    return work.desk


def _panes(desk: WorkflowDesk, key: str) -> Sequence[DeltaGenerator]:
    if desk.pane is not None:
        st.session_state[key], desk.pane = desk.pane, None
    return st.tabs(get_args(Pane), key=key, on_change="rerun")


def _last_run(work: WorkingCopy, caller: Caller) -> LastRun:
    if work.result is None:
        return LastRun()
    result = work.result[0]
    records = records_of(result.execution_id, result.steps, caller) if result.steps else {}
    return LastRun({step.node_id: step for step in result.steps}, records)

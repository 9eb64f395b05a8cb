"""The form of the selected step: what it calls, with what, when, and what if it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import streamlit as st

from engine.model import ExecutionRecord, ParamSpec, Step
from pages.build.workflow.apis import CallableApis
from pages.build.workflow.step_fields import call_fields, failure_fields, limit_fields, when_fields
from pages.build.workflow.whole import whole_form
from pages.components.workflow.answers import samples_of
from pages.components.workflow.desk import WorkflowDesk
from pages.components.workflow.offers import offers
from pages.components.workflow.run_view import step_view
from pages.components.workflow.tree import (
    NODE_NAME,
    Tree,
    drawn_edges,
    handler_name,
    names_of,
    node_of,
    removed,
    sources_of,
    with_fields,
    with_handlers,
    with_sources,
)


@dataclass(frozen=True)
class LastRun:
    """The steps of the last test, and the log rows of those that made one call, by name."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    records: Mapping[str, ExecutionRecord] = field(default_factory=dict)


def inspector(
    desk: WorkflowDesk,
    last: LastRun,
    apis: CallableApis,
    params: Mapping[str, ParamSpec],
    *,
    rev: str,
) -> None:
    """Draw the form and put what it says into the desk's tree."""
    tree, name = desk.tree, desk.selected
    if tree is None:
        return
    answers: dict[str, Any] = {**samples_of(last.records), **desk.pinned}
    if name not in names_of(tree):
        desk.edit(whole_form(tree, params, answers, key=f"whole-{rev}"))
        return
    key = f"step-{name}-{rev}"
    new_name = _heading(desk, tree, name, last, key=key)
    if name in last.steps:
        with st.expander(
            "Last run", icon=":material/history:", expanded=last.steps[name].error is not None
        ):
            step_view(last.steps[name], last.records.get(name), key=f"{key}-last")
    offered = offers(tree, name, params, answers)
    desk.edit(_edited(tree, name, apis, params, offered, key=key))
    if new_name != name:
        desk.rename(name, new_name)
        st.rerun()


def _heading(desk: WorkflowDesk, tree: Tree, name: str, last: LastRun, *, key: str) -> str:
    """Name and commands of the step; the name that was typed, where it is usable."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        typed = st.text_input("Step", value=name, key=f"{key}-name", validate=NODE_NAME)
        st.button(
            "Run to here",
            icon=":material/start:",
            key=f"{key}-until",
            on_click=partial(_run_to, desk, name),
        )
        st.button(
            "",
            icon=":material/delete:",
            help=f"Delete the step {name}",
            key=f"{key}-delete",
            on_click=partial(_delete, desk, name),
        )
    _pin(desk, name, last.records.get(name), key=f"{key}-pin")
    if typed and typed != name and typed in names_of(tree):
        st.markdown(f":red[:material/error: there is a step {typed} already]")
        return name
    return typed or name


def _pin(desk: WorkflowDesk, name: str, record: ExecutionRecord | None, *, key: str) -> None:
    has_answer = record is not None and bool(record.response_data) and not record.error_type
    can_pin = has_answer and record is not None and not record.response_truncated
    if not can_pin and name not in desk.pinned:
        return
    is_pinned = st.toggle(
        "Pin its answer",
        value=name in desk.pinned,
        key=key,
        help="Tests take the answer of the last run as given and do not call the API. "
        "Not part of the definition.",
    )
    if not is_pinned:
        desk.pinned.pop(name, None)
    elif name not in desk.pinned and record is not None:
        desk.pinned[name] = orjson.loads(record.response_data or "null")


def _edited(
    tree: Tree,
    name: str,
    apis: CallableApis,
    params: Mapping[str, ParamSpec],
    offered: list[str],
    *,
    key: str,
) -> Tree:
    node, others = node_of(tree, name), [each for each in names_of(tree) if each != name]
    fields = call_fields(node, apis, offered, key=key)
    with st.expander("When", icon=":material/alt_route:"):
        before = [source for source, target in drawn_edges(tree) if target == name]
        free = [each for each in others if name not in sources_of(tree, each)]
        sources = st.multiselect(
            "After",
            list(dict.fromkeys([*before, *free])),
            default=before,
            key=f"{key}-after",
            placeholder="what its templates name",
        )
        fields |= when_fields(node, offered, params, key=key)
    with st.expander("Limits", icon=":material/speed:"):
        fields |= limit_fields(node, key=key)
    with st.expander("On failure", icon=":material/error:"):
        failing, handler = failure_fields(node, handler_name(tree, node), others, key=key)
    handlers = {each["id"]: handler_name(tree, each) for each in tree["nodes"]} | {name: handler}
    changed = with_sources(with_fields(tree, name, {**fields, **failing}), name, sources)
    return with_handlers(changed, handlers)


def _run_to(desk: WorkflowDesk, name: str) -> None:
    desk.asked, desk.until = "run", name


def _delete(desk: WorkflowDesk, name: str) -> None:
    if desk.tree is not None:
        desk.edit(removed(desk.tree, name))
        desk.selected = None

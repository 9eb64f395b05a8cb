"""The left half of a workbench, per logic type: where the body is written, and how."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.model import ApiDefinition, Caller, Issue
from engine.ports import TableInfo
from pages.build.definition.fields import connection_field
from pages.build.http.form import request_form
from pages.build.script.start import script_tools
from pages.build.sql.visual import visual_builder
from pages.components.context import tables_of
from pages.components.errors import errors_shown
from pages.components.sql.query import catalog_of
from pages.components.state import WorkingCopy

REST = ("Parameters", "Policy", "Details")


@dataclass(frozen=True)
class Side:
    """Places to draw into once the body is known, and what the editor completes.

    Attributes:
        others: The places of the fields besides the body: parameters, policy, details.
        has_advice: Warnings have a place of their own.
    """

    editor: DeltaGenerator
    issues: DeltaGenerator
    others: Sequence[DeltaGenerator]
    completion: Mapping[str, Sequence[str]] = field(default_factory=dict)
    has_advice: bool = False

    def shown(self, issues: Sequence[Issue]) -> Sequence[Issue]:
        """The findings to list below the editor."""
        return [each for each in issues if not self.has_advice or each.severity == "error"]


def sql_side(api: ApiDefinition, work: WorkingCopy, caller: Caller, editor_key: str) -> Side:
    """SQL with the tables at hand, and the visual builder."""
    built = work.query is not None and work.query.is_body(work.fields["logic_body"])
    logic, builder, *others = st.tabs(
        ["SQL", "Builder", *REST], key=f"sides-{api.id}", default="Builder" if built else "SQL"
    )
    with logic:
        tables = _tables(work, caller)
        connection_field(work, caller, tables, editor_key)
        editor, issues = st.container(), st.container()
    with builder:
        visual_builder(api, work, tables)
    completion = {name: list(columns) for name, columns in catalog_of(tables).items()}
    return Side(editor, issues, others, completion, has_advice=True)


def _tables(work: WorkingCopy, caller: Caller) -> tuple[TableInfo, ...]:
    tables: tuple[TableInfo, ...] = ()
    if connection := work.fields["connection"]:
        with errors_shown():
            tables = tables_of(connection, caller)
    return tables


def http_side(api: ApiDefinition, work: WorkingCopy, caller: Caller, _: str) -> Side:
    """The request as a form, and as JSON."""
    request, logic, *others = st.tabs(["Request", "JSON", *REST], key=f"sides-{api.id}")
    with request:
        request_form(api, work, caller)
    with logic:
        editor = st.container()
    issues = request.container()
    return Side(editor, issues, others)


def script_side(api: ApiDefinition, work: WorkingCopy, _: Caller, editor_key: str) -> Side:
    """Python, with templates to start from and what may be imported."""
    logic, *others = st.tabs(["Python", *REST], key=f"sides-{api.id}")
    with logic:
        script_tools(work, editor_key)
        editor, issues = st.container(), st.container()
    return Side(editor, issues, others)


SIDES: Mapping[str, Callable[[ApiDefinition, WorkingCopy, Caller, str], Side]] = {
    "sql": sql_side,
    "http": http_side,
    "script": script_side,
}

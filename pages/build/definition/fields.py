"""The fields of a definition besides its body: connection, parameters, policy, details."""

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.checking import CheckReport
from engine.model import Caller
from engine.ports import TableInfo
from pages.build.definition import working_copy
from pages.build.definition.param_table import param_table
from pages.build.sql.schema_browser import schema_browser, size_words
from pages.components.context import engine
from pages.components.defaults import with_defaults, without_defaults
from pages.components.policy_form import policy_form
from pages.components.shared_policy import REFS, policy_base, shared_policy
from pages.components.sql.query import qualified
from pages.components.state import WorkingCopy, first_value


def connection_field(
    work: WorkingCopy, caller: Caller, tables: tuple[TableInfo, ...], editor: str
) -> None:
    """Choose the target of a statement and look into its tables."""
    names = [each.name for each in engine().connections.all(caller)]
    current = work.fields["connection"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        work.fields["connection"] = st.selectbox(
            "Connection",
            names,
            index=names.index(current) if current in names else None,
            placeholder="choose",
            key=f"connection-{work.key}",
            width=240,
        )
        browser = st.popover(
            "Tables", icon=":material/table:", key=f"tables-{work.key}", on_change="rerun"
        )
        if browser.open:
            with browser:
                schema_browser(tables, current or "", caller, key="browser", editor=editor)


def table_browser(tables: tuple[TableInfo, ...]) -> None:
    """The tables of a target, and the columns of the one that is chosen."""
    by_name = {qualified(each): each for each in tables}
    name = st.selectbox("Table", list(by_name), width=320)
    if name:
        chosen = by_name[name]
        rows = [(column.name, column.type) for column in chosen.columns]
        st.dataframe(pd.DataFrame(rows, columns=["Column", "Type"]), hide_index=True, alt=name)
        st.caption(size_words(chosen))


def other_fields(
    work: WorkingCopy,
    report: CheckReport,
    parameters: DeltaGenerator,
    policy: DeltaGenerator,
    details: DeltaGenerator,
) -> None:
    """Draw what belongs on each of the three tabs, and put it back into the work."""
    fields, suffix = work.fields, work.key
    with parameters:
        _offer_undeclared(work, report)
        fields["param_schema"] = param_table(
            fields["param_schema"], key=f"params-{suffix}-{work.params_rev}"
        )
    with policy:
        reference = shared_policy(fields["runtime_policy"], key=f"policy-{suffix}")
        base = policy_base(reference)
        own = {name: value for name, value in fields["runtime_policy"].items() if name not in REFS}
        edited = policy_form(
            with_defaults(own, base),
            logic_type=fields["logic_type"],
            key="-".join(["policy", suffix, *map(str, reference.values())]),
        )
        fields["runtime_policy"] = {**reference, **without_defaults(edited, base)}
    with details:
        _details(work)


def _details(work: WorkingCopy) -> None:
    fields, suffix = work.fields, work.key
    fields["api_name"] = st.text_input("Name", value=fields["api_name"], key=f"name-{suffix}")
    fields["description"] = st.text_area(
        "Description", value=fields["description"], key=f"description-{suffix}"
    )
    tags = first_value(f"tags-{suffix}", fields["tags"])
    fields["tags"] = st.multiselect(
        "Tags",
        tags,
        default=tags,
        accept_new_options=True,
        placeholder="type and press Enter",
        key=f"tags-{suffix}",
    )


def _offer_undeclared(work: WorkingCopy, report: CheckReport) -> None:
    names = working_copy.undeclared(work, report)
    if names:
        listed = ", ".join(f":{name}" for name in names)
        st.button(
            f"Add {listed}",
            icon=":material/add:",
            key=f"declare-{work.key}",
            on_click=partial(working_copy.declare, work, report),
        )

"""The visual builder: a question in widgets, compiled to the statement in the editor."""

from collections.abc import Sequence
from copy import deepcopy
from functools import partial

import streamlit as st

from engine.model import ApiDefinition
from engine.ports import TableInfo
from pages.build.sql import conditions, parts
from pages.components.errors import errors_shown
from pages.components.sql.built_query import BuiltQuery, merged_params
from pages.components.sql.joins import Keys
from pages.components.sql.query import Catalog, catalog_of, is_known, new_query
from pages.components.state import WorkingCopy


def visual_builder(api: ApiDefinition, work: WorkingCopy, tables: Sequence[TableInfo]) -> None:
    """Draw the builder, or say why it does not hold the statement and offer to start."""
    catalog = catalog_of(tables)
    if not catalog:
        st.info("Choose a connection with tables first.", icon=":material/database:")
        return
    if work.query is None or not is_known(work.query.query, catalog):
        _offer_start(work, catalog)
    elif not work.query.is_body(work.fields["logic_body"]):
        _offer_restart(work, work.query, catalog)
    else:
        keys = Keys.of_tables(tables)
        _builder(work, work.query, catalog, keys, f"vq-{api.id}-{work.query.rev}")


def start(work: WorkingCopy, table: str, catalog: Catalog) -> None:
    """Replace the statement and its parameters by a question about a table."""
    work.query = BuiltQuery(new_query(table))
    work.fields["param_schema"] = {}
    work.params_rev += 1
    _take_over(work, work.query, catalog)


def _builder(work: WorkingCopy, built: BuiltQuery, catalog: Catalog, keys: Keys, key: str) -> None:
    query = built.query
    changes = [
        *parts.tables_part(query, catalog, keys, key),
        *parts.columns_part(query, catalog, key),
        *parts.measures_part(query, catalog, key),
        *conditions.conditions_part(query, catalog, key),
    ]
    parts.order_part(query, catalog, key)
    for change in changes:
        change()
    with errors_shown():
        _take_over(work, built, catalog)
    if changes:
        built.rev += 1
        # Before the statement is drawn: whoever sees it finds the new form's buttons above it.
        st.rerun()
    if built.compiled:
        st.code(built.compiled.sql, "sql", wrap_lines=True)


def _take_over(work: WorkingCopy, built: BuiltQuery, catalog: Catalog) -> None:
    news = built.compile(catalog)
    if news is None:
        return
    before, compiled = news
    if compiled.sql != work.fields["logic_body"]:
        work.write_body(compiled.sql)
    if before != compiled.params or not before:
        schema = merged_params(work.fields["param_schema"], before, compiled.params)
        if schema != work.fields["param_schema"]:
            work.fields["param_schema"] = schema
            work.params_rev += 1


def _offer_start(work: WorkingCopy, catalog: Catalog) -> None:
    st.info(
        "The builder writes SQL and cannot read it: it does not hold this statement.",
        icon=":material/edit_note:",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        table = st.selectbox("Table", list(catalog), key=f"vq-start-{work.key}", width=240)
        if st.button(
            "Start from the builder",
            icon=":material/construction:",
            key="start-visual",
            help="Replaces the statement and its parameters. Discard brings back what is live.",
        ):
            start(work, table, catalog)
            st.rerun()


def _offer_restart(work: WorkingCopy, built: BuiltQuery, catalog: Catalog) -> None:
    st.warning(
        "The SQL was changed by hand, so the builder no longer shows what it does. Starting again "
        "from the builder replaces those changes by the statement below.",
        icon=":material/lock:",
    )
    if built.compiled:
        st.code(built.compiled.sql, "sql", wrap_lines=True)
    with st.container(horizontal=True):
        st.button(
            "Start again from the builder",
            icon=":material/restart_alt:",
            key="restart-visual",
            on_click=partial(_restart, work, built, catalog),
        )
        st.button(
            "Start with another table",
            icon=":material/delete_sweep:",
            type="tertiary",
            key="forget-visual",
            help="Forgets the question. The statement in the editor stays until you start.",
            on_click=partial(setattr, work, "query", None),
        )


def _restart(work: WorkingCopy, built: BuiltQuery, catalog: Catalog) -> None:
    work.query = BuiltQuery(deepcopy(built.query), built.rev + 1, built.compiled)
    _take_over(work, work.query, catalog)

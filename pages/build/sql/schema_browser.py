"""The tables behind a connection: columns, types, samples; a click inserts into the editor."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from engine.call import ExecutionRequest
from engine.definition_fields import new_definition
from engine.model import Caller, Column
from engine.ports import TableInfo
from pages.components.context import caller_key, engine
from pages.components.editors.code import insert_at_cursor
from pages.components.sql.compiler import compile_query, quoted
from pages.components.sql.query import catalog_of, new_query, qualified

SAMPLES = 5
SHOWN = 3
LONGEST_SAMPLE = 18
HEIGHT = 420
WIDTH = 460
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


def schema_browser(
    tables: Sequence[TableInfo], connection: str, caller: Caller, *, key: str, editor: str
) -> None:
    """Draw the tables and, for the one that is chosen, a button per column."""
    if not tables:
        st.caption("No tables. Choose a connection, or load data into this one.")
        return
    by_name = {qualified(table): table for table in tables}
    name = st.selectbox("Table", list(by_name), key=f"{key}-table", width=WIDTH)
    table = by_name[name]
    with st.container(horizontal=True, vertical_alignment="center", width=WIDTH):
        st.caption(size_words(table))
        st.space("stretch")
        _insert_button(f"Insert {name}", name, f"{key}-{name}", editor)
    samples = sample_values(table, connection, caller)
    with st.container(height=HEIGHT, width=WIDTH, border=False):
        for column in table.columns:
            _column_row(column, samples.get(column.name, ()), f"{key}-{name}-{column.name}", editor)


def size_words(table: TableInfo) -> str:
    """What kind of table it is and how large."""
    columns = f"{table.kind}, {len(table.columns)} columns"
    return (
        columns if table.row_estimate is None else f"{columns}, about {table.row_estimate:,} rows"
    )


@st.cache_data(
    ttl="10m",
    max_entries=200,
    show_spinner=False,
    hash_funcs={Caller: caller_key, TableInfo: lambda table: (table.schema, table.name)},
)
def sample_values(
    table: TableInfo, connection: str, caller: Caller
) -> Mapping[str, tuple[str, ...]]:
    """Some values of each column; none where the table cannot be read."""
    name = qualified(table)
    statement = compile_query({**new_query(name), "limit": SAMPLES}, catalog_of([table])).sql
    fields = {"api_name": "sample-values", "logic_type": "sql", "logic_body": statement}
    api = new_definition({**fields, "connection": connection}, caller)
    result = engine().run(ExecutionRequest(api=api, source="test", test=True), caller)
    rows: Sequence[Mapping[str, Any]] = result.rows if result.ok else ()
    return {
        column.name: tuple(dict.fromkeys(_short(row[column.name]) for row in rows))
        for column in table.columns
        if rows
    }


def written(name: str) -> str:
    """A column's name as a statement writes it: quoted where it must be."""
    return name if _PLAIN.fullmatch(name) else quoted(name)


def _column_row(column: Column, samples: Sequence[str], key: str, editor: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _insert_button(column.name, written(column.name), key, editor)
        words = " · ".join(samples[:SHOWN])
        st.caption(f"`{column.type}`  {words}".replace("$", "\\$"), width="stretch")


def _insert_button(label: str, text: str, key: str, editor: str) -> None:
    st.button(
        label,
        icon=":material/add:",
        type="tertiary",
        key=key,
        help="Insert at the cursor",
        on_click=partial(insert_at_cursor, editor, text),
    )


def _short(value: Any) -> str:
    text = "empty" if value is None else str(value)
    return text if len(text) <= LONGEST_SAMPLE else f"{text[: LONGEST_SAMPLE - 1]}…"

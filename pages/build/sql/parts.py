"""The builder's parts besides conditions: tables and joins, columns, measures, order and limit.

Each part puts what its widgets say into the query and returns what its buttons ask for: rows are
added and removed only when every widget of the run has been read.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import get_args

import streamlit as st

from pages.components.sql.compiler import MAX_LIMIT, output_names
from pages.components.sql.joins import Keys, Pair, best_join, join_pairs, joinable
from pages.components.sql.query import (
    Catalog,
    Function,
    Join,
    Measure,
    Query,
    Ref,
    Sort,
    columns_of,
    new_query,
    tables_of_query,
)

Change = Callable[[], None]
ROWS: Ref = ("", "*")
"""What a measure is of when it counts rows."""

FUNCTIONS: tuple[Function, ...] = get_args(Function)


def tables_part(query: Query, catalog: Catalog, keys: Keys, key: str) -> Iterator[Change]:
    """The first table, and those joined to it."""
    tables = list(catalog)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        index = tables.index(query["table"]) if query["table"] in tables else None
        table = st.selectbox("Table", tables, index=index, key=f"{key}-table", width="stretch")
        free = {_offer(name, pairs): name for name, pairs in joinable(query, catalog, keys)}
        joined = st.menu_button(
            "Join a table",
            list(free),
            icon=":material/join_inner:",
            key=f"{key}-join",
            disabled=not free,
        )
        if joined:
            yield partial(_add_join, query, free[joined], catalog, keys)
    if table and table != query["table"]:
        yield partial(_begin_again, query, table)
        return
    for number, join in enumerate(query["joins"]):
        yield from _join_row(query, number, join, catalog, keys, f"{key}-join-{number}")


def columns_part(query: Query, catalog: Catalog, key: str) -> Iterator[Change]:
    """The columns to show."""
    query["columns"] = st.multiselect(
        "Columns",
        columns_of(query, catalog),
        default=[tuple(ref) for ref in query["columns"]],
        format_func=label_of(query),
        placeholder="none" if query["measures"] else "all columns",
        key=f"{key}-columns",
    )
    yield from ()


def measures_part(query: Query, catalog: Catalog, key: str) -> Iterator[Change]:
    """Counts, sums and averages, one row each."""
    if query["measures"]:
        st.caption("Measures, for each combination of the columns above")
    for number, measure in enumerate(query["measures"]):
        yield from _measure_row(query, number, measure, catalog, f"{key}-measure-{number}")
    if st.button("Add measure", icon=":material/functions:", key=f"{key}-add-measure"):
        yield partial(query["measures"].append, Measure(function="count", column=None, name=""))


def order_part(query: Query, catalog: Catalog, key: str) -> None:
    """What the answer is sorted by, and how much of it is wanted."""
    names = output_names(query, catalog)
    sorted_by = [sort["by"] for sort in query["sort"] if sort["by"] in names]
    descending = any(sort["descending"] for sort in query["sort"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect(
            "Sort by",
            names,
            default=sorted_by,
            placeholder="no order",
            key=f"{key}-sort-{hash(tuple(names))}",
        )
        down = st.toggle("Descending", value=descending, key=f"{key}-descending")
        query["limit"] = st.number_input(
            "Limit", 1, MAX_LIMIT, query["limit"], key=f"{key}-limit", width=140
        )
    query["sort"] = [Sort(by=name, descending=down) for name in chosen]


def label_of(query: Query) -> Callable[[Ref], str]:
    """How columns are named on the screen: with their table as soon as there are two."""
    several = bool(query["joins"])
    return lambda ref: f"{ref[0]}.{ref[1]}" if several else ref[1]


def remove_button(key: str, what: str) -> bool:
    """A small button that takes a row away."""
    return st.button(
        "", icon=":material/close:", type="tertiary", key=f"{key}-remove", help=f"Remove {what}"
    )


def _offer(table: str, pairs: Sequence[Pair]) -> str:
    """A table in the menu of those that can be joined, with the key it would be joined by."""
    names = [left[1] if left[1] == own else f"{left[1]} = {own}" for left, own in pairs]
    icon = ":material/key:" if names else ":material/table:"
    return f"{icon} {table} by {', '.join(names)}" if names else f"{icon} {table}"


def _pair_label(earlier: Query) -> Callable[[tuple[Ref, str]], str]:
    several = bool(earlier["joins"])

    def label(pair: tuple[Ref, str]) -> str:
        (table, column), own = pair
        return f"{table}.{column} = {own}" if several else f"{column} = {own}"

    return label


def _join_row(
    query: Query, number: int, join: Join, catalog: Catalog, keys: Keys, key: str
) -> Iterator[Change]:
    others = [table for table in tables_of_query(query) if table != join["table"]]
    tables = [table for table in catalog if table not in others]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        join["kind"] = st.selectbox(
            "Keep",
            ["inner", "left"],
            index=["inner", "left"].index(join["kind"]),
            format_func={"inner": "only matches", "left": "all rows"}.__getitem__,
            key=f"{key}-kind",
            width=140,
        )
        table = st.selectbox(
            "Join", tables, index=tables.index(join["table"]), key=f"{key}-table", width=150
        )
        earlier: Query = {**query, "joins": query["joins"][:number]}
        pairs = join_pairs(earlier, join["table"], catalog)
        join["on"] = st.multiselect(
            "where",
            pairs,
            default=[pair for pair in pairs if pair in join["on"]],
            format_func=_pair_label(earlier),
            placeholder="choose columns that are equal",
            key=f"{key}-on",
        )
        if remove_button(key, f"the join with {join['table']}"):
            yield partial(_remove_join, query, number)
    if table != join["table"]:
        yield partial(_join_with, query, number, table, catalog, keys)


def _measure_row(
    query: Query, number: int, measure: Measure, catalog: Catalog, key: str
) -> Iterator[Change]:
    columns = [ROWS, *columns_of(query, catalog)]
    current = measure["column"] or ROWS
    label = label_of(query)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure["function"] = st.selectbox(
            "Function",
            FUNCTIONS,
            index=FUNCTIONS.index(measure["function"]),
            key=f"{key}-function",
            width=150,
        )
        column = st.selectbox(
            "of",
            columns,
            index=columns.index(current),
            format_func=lambda ref: "rows" if ref == ROWS else label(ref),
            key=f"{key}-column",
        )
        measure["column"] = None if column == ROWS else column
        measure["name"] = st.text_input(
            "Name", measure["name"], placeholder="automatic", key=f"{key}-name", width=130
        )
        if remove_button(key, "the measure"):
            yield partial(_remove_measure, query, number)


def _add_join(query: Query, table: str, catalog: Catalog, keys: Keys) -> None:
    query["joins"].append(Join(table=table, kind="inner", on=[]))
    _join_with(query, len(query["joins"]) - 1, table, catalog, keys)


def _join_with(query: Query, number: int, table: str, catalog: Catalog, keys: Keys) -> None:
    """Join a table by its key where one is known."""
    _forget(query, query["joins"][number]["table"])
    earlier: Query = {**query, "joins": query["joins"][:number]}
    query["joins"][number]["table"] = table
    query["joins"][number]["on"] = best_join(earlier, table, catalog, keys)


def _remove_join(query: Query, number: int) -> None:
    _forget(query, query["joins"].pop(number)["table"])


def _remove_measure(query: Query, number: int) -> None:
    del query["measures"][number]


def _begin_again(query: Query, table: str) -> None:
    query.update(new_query(table))


def _forget(query: Query, table: str) -> None:
    """Drop everything that is asked of a table that is no longer there."""
    query["columns"] = [ref for ref in query["columns"] if ref[0] != table]
    query["measures"] = [
        each for each in query["measures"] if not (each["column"] and each["column"][0] == table)
    ]
    for group in query["groups"]:
        group["conditions"] = [each for each in group["conditions"] if each["column"][0] != table]
    for join in query["joins"]:
        join["on"] = [pair for pair in join["on"] if pair[0][0] != table]

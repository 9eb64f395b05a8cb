"""The builder's conditions, in groups of which all or any must hold."""

from collections.abc import Iterator
from functools import partial

import streamlit as st

from pages.build.sql.parts import Change, label_of, remove_button
from pages.components.sql.query import (
    WITHOUT_VALUE,
    Catalog,
    Condition,
    Group,
    Match,
    Query,
    columns_of,
    operators_for,
)

MATCHES: tuple[Match, ...] = ("all", "any")


def conditions_part(query: Query, catalog: Catalog, key: str) -> Iterator[Change]:
    """Draw every group, and what adds one."""
    several = len(query["groups"]) > 1
    if several:
        query["match"] = _match("Of the groups", query["match"], f"{key}-match")
    for number, group in enumerate(query["groups"]):
        with st.container(border=several, gap="small"):
            yield from _group(query, number, group, catalog, f"{key}-group-{number}")
    with st.container(horizontal=True):
        if st.button("Add condition", icon=":material/filter_alt:", key=f"{key}-add-condition"):
            yield partial(_add_condition, query, len(query["groups"]) - 1, catalog)
        if query["groups"] and st.button(
            "Add group", icon=":material/data_object:", key=f"{key}-add-group", type="tertiary"
        ):
            yield partial(_add_group, query, catalog)


def _group(query: Query, number: int, group: Group, catalog: Catalog, key: str) -> Iterator[Change]:
    if len(group["conditions"]) > 1:
        group["match"] = _match("Of these", group["match"], f"{key}-match")
    for place, condition in enumerate(group["conditions"]):
        yield from _condition(query, number, place, condition, catalog, f"{key}-{place}")
    last = number == len(query["groups"]) - 1
    if not last and st.button(
        "Add condition", icon=":material/add:", type="tertiary", key=f"{key}-add"
    ):
        yield partial(_add_condition, query, number, catalog)


def _match(label: str, current: Match, key: str) -> Match:
    words = {"all": "all must hold", "any": "any is enough"}
    return (
        st.segmented_control(
            label,
            MATCHES,
            default=current,
            required=True,
            format_func=words.__getitem__,
            key=key,
        )
        or current
    )


def _condition(
    query: Query, number: int, place: int, condition: Condition, catalog: Catalog, key: str
) -> Iterator[Change]:
    columns = columns_of(query, catalog)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        condition["column"] = st.selectbox(
            "Column",
            columns,
            index=columns.index(condition["column"]),
            format_func=label_of(query),
            label_visibility="collapsed",
            key=f"{key}-column",
            width=190,
        )
        table, name = condition["column"]
        operators = operators_for(catalog[table][name])
        current = condition["operator"] if condition["operator"] in operators else operators[0]
        condition["operator"] = st.selectbox(
            "Comparison",
            operators,
            index=operators.index(current),
            label_visibility="collapsed",
            key=f"{key}-operator-{'-'.join(operators)}",
            width=130,
        )
        condition["values"] = _values(condition, key)
        if remove_button(key, "the condition"):
            yield partial(_remove_condition, query, number, place)


def _values(condition: Condition, key: str) -> list[str]:
    operator = condition["operator"]
    if operator in WITHOUT_VALUE:
        st.space("stretch")
        return []
    labels = ["from", "to"] if operator == "between" else ["value"]
    known = [*condition["values"], "", ""]
    return [
        st.text_input(
            label,
            known[number],
            label_visibility="collapsed",
            placeholder="a, b, c or :name" if operator == "in" else f"{label} or :name",
            key=f"{key}-{label}",
            width="stretch",
        )
        for number, label in enumerate(labels)
    ]


def _add_condition(query: Query, number: int, catalog: Catalog) -> None:
    if not query["groups"]:
        query["groups"].append(Group(match="all", conditions=[]))
    column = columns_of(query, catalog)[0]
    operator = operators_for(catalog[column[0]][column[1]])[0]
    query["groups"][number]["conditions"].append(
        Condition(column=column, operator=operator, values=[])
    )


def _add_group(query: Query, catalog: Catalog) -> None:
    query["groups"].append(Group(match="any", conditions=[]))
    _add_condition(query, len(query["groups"]) - 1, catalog)


def _remove_condition(query: Query, number: int, place: int) -> None:
    query["groups"][number]["conditions"].pop(place)
    query["groups"] = [group for group in query["groups"] if group["conditions"]]

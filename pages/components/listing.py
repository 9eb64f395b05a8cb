"""What lists have in common: a row of filters that stand in the URL, and pages below the rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.model import Page
from engine.model.listing import WorkOrder

PAGE_SIZE = 50
WORK_ORDERS: Mapping[WorkOrder, str] = {"name": "by name", "changed": "last changed"}

T = TypeVar("T")
Order = TypeVar("Order", bound=str)


def filter_row() -> DeltaGenerator:
    """Where search, filters and order stand side by side."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small")


def search_box(key: str, placeholder: str, *, label: str = "Search", width: int = 220) -> str:
    """Draw the search; what is asked for, while it is typed."""
    text = st.text_input(
        label,
        key=key,
        type="search",
        live=True,
        placeholder=placeholder,
        bind="query-params",
        label_visibility="collapsed",
        width=width,
    )
    return text or ""


def choice_of(
    label: str, options: Sequence[str], key: str, *, placeholder: str, width: int
) -> str | None:
    """Draw a filter by one of many values; None for any."""
    return st.selectbox(
        label,
        options,
        index=None,
        placeholder=placeholder,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
        width=width,
    )


def order_box(orders: Mapping[Order, str], key: str, *, width: int = 150) -> Order:
    """Draw the choice of an order, of which the first is in force until another is chosen."""
    return st.selectbox(
        "Sort by",
        list(orders),
        format_func=lambda each: orders[each],
        key=key,
        bind="query-params",
        label_visibility="collapsed",
        width=width,
    )


def page_of(search: Callable[[int], Page[T]], key: str) -> Page[T]:
    """The page whose number stands in the URL; draws the numbers here when there is more than one.

    Args:
        search: The page that begins at an offset, of at most `PAGE_SIZE`.
        key: The name of the number in the URL.
    """
    page = search(0)
    if page.total > PAGE_SIZE:
        number = st.pagination(-(-page.total // PAGE_SIZE), key=key, bind="query-params")
        if number > 1:
            return search((number - 1) * PAGE_SIZE)
    return page


def searched_list(
    name: str,
    search: Callable[[str, Order, int], Page[T]],
    draw: Callable[[Sequence[T]], None],
    *,
    words: str,
    orders: Mapping[Order, str],
    what: str,
) -> None:
    """Draw search and order, the rows of the page that they lead to, and the pages below them.

    Args:
        name: What the names in the URL begin with: `{name}-q`, `{name}-sort`, `{name}-p`.
        search: The page for a text, an order and an offset, of at most `PAGE_SIZE`.
        draw: Draws rows, of which there are some.
        words: What is searched, as the box says it.
        orders: The orders there are.
        what: What one row is, for when there is none.
    """
    with filter_row():
        text = search_box(f"{name}-q", words)
        order = order_box(orders, f"{name}-sort")
    rows = st.container()
    found = page_of(lambda offset: search(text, order, offset), f"{name}-p")
    with rows:
        if found.total:
            draw(found.items)
        else:
            nothing_matches(what)


def nothing_matches(what: str) -> None:
    """Say that the search and the filters leave nothing."""
    st.info(f"No {what} matches. Clear the search or a filter.", icon=":material/search_off:")

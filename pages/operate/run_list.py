"""The execution log as a filtered, paged list that can be taken along as a file."""

from collections.abc import Callable
from itertools import islice

import streamlit as st

from engine.log_export import csv_header, csv_lines, json_lines
from engine.model import Caller, ExecutionPage, ExecutionQuery
from engine.model.execution import COUNTED
from pages.components.context import engine
from pages.components.runs_table import runs_table
from pages.components.state import URL
from pages.operate.run_filters import run_filters

PAGE_SIZE = 50
EXPORTED_PAGES = 20
"""Pages of the log in a file from here, 10,000 runs; the REST API streams all."""


def run_list(caller: Caller) -> None:
    """Draw filters, table and pages."""
    query = run_filters(caller)
    slot, pager = st.container(), st.container(horizontal=True, vertical_alignment="center")
    found = engine().logs.search(query.model_copy(update={"limit": 1}), caller)
    number = 1
    with pager:
        if found.total > PAGE_SIZE:
            number = st.pagination(
                -(-found.total // PAGE_SIZE), key=URL.runs_page, bind="query-params"
            )
        if found.total:
            st.caption(count_words(found))
            _export(query, caller)
    page = query.model_copy(update={"limit": PAGE_SIZE, "offset": (number - 1) * PAGE_SIZE})
    with slot:
        if found.total:
            runs_table(engine().logs.search(page, caller).items, key="runs")
        else:
            st.info(
                "No run matches. Clear a filter, widen the time, or run an API.",
                icon=":material/history:",
            )


def count_words(found: ExecutionPage) -> str:
    """How many there are, as far as they are counted."""
    if found.more:
        return f"The newest {COUNTED:,}; narrow the time for older ones. Times in UTC"
    return f"{found.total:,} {'run' if found.total == 1 else 'runs'}, times in UTC"


def _export(query: ExecutionQuery, caller: Caller) -> None:
    with st.popover("Export", icon=":material/download:", type="tertiary"):
        st.caption(
            "What the filters show, newest first, without the answers. "
            "`GET /api-manager/executions/export` gives logs of any length."
        )
        for name, header, encode in (
            ("csv", csv_header(), csv_lines),
            ("jsonl", b"", json_lines),
        ):
            st.download_button(
                f"runs.{name}",
                data=_file(query, caller, header, encode),
                file_name=f"runs.{name}",
                mime="text/csv" if name == "csv" else "application/jsonl",
                on_click="ignore",
                icon=":material/download:",
                key=f"export-{name}",
            )


def _file(
    query: ExecutionQuery, caller: Caller, header: bytes, encode: Callable[..., bytes]
) -> Callable[[], bytes]:
    """What makes the file, once it is asked for."""
    eng = engine()

    def make() -> bytes:
        pages = islice(eng.logs.export(query, caller), EXPORTED_PAGES)
        return b"".join((header, *(encode(page) for page in pages)))

    return make

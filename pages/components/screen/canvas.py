"""A whole screen: its blocks in rows, drawn as their answers come."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.model import Caller
from engine.model.screen import COLUMNS, Block, ScreenSpec
from pages.components.context import engine
from pages.components.errors import errors_shown
from pages.components.screen.blocks import draw_block

LEAST_METRIC_PX = 140


def draw_screen(
    spec: ScreenSpec, inputs: Mapping[str, Any], caller: Caller, key: str
) -> dict[str, list[str]]:
    """Draw every block, each when its API has answered; the columns that each has."""
    columns: dict[str, list[str]] = {}
    with errors_shown():
        answers = engine().screens.load(spec, inputs, caller)
        places = {}
        for row in rows_of(spec.blocks):
            for block, cell in zip(row, _cells(row), strict=False):
                places[block.id] = (block, cell.container())
        if not spec.blocks:
            st.info("This screen has no blocks yet.", icon=":material/dashboard_customize:")
        for answer in answers:
            block, place = places[answer.block_id]
            with place:
                draw_block(block, answer, f"{key}-{block.id}")
            columns[block.id] = list(answer.rows[0]) if answer.rows else []
    return columns


def _cells(row: Sequence[Block]) -> Sequence[DeltaGenerator]:
    """Places side by side; metrics over the whole width wrap before their figures are cut."""
    widths = [block.width for block in row]
    free = COLUMNS - sum(widths)
    if not free and len(set(widths)) == 1 and all(block.type == "metric" for block in row):
        grid = st.grid(len(row), min_column_width=LEAST_METRIC_PX, gap="small")
        return [grid.cell() for _ in row]
    return st.columns([*widths, free] if free else widths, gap="small")


def rows_of(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Blocks side by side, as far as their widths fit into a row."""
    row: list[Block] = []
    for block in blocks:
        if row and sum(each.width for each in row) + block.width > COLUMNS:
            yield row
            row = []
        row.append(block)
    if row:
        yield row

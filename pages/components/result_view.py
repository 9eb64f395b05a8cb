"""Shows the outcome of a call: one line, the data, the error, the policy trace, the logs."""

from collections.abc import Sequence
from typing import Any

import orjson
import pandas as pd
import streamlit as st

from engine.model import ExecutionRecord, ExecutionResult, TraceStage, tabular
from pages.components.colors import STATUS_COLORS, VERDICT_COLORS
from pages.components.errors import error_block

STATUS_ICONS = {"success": "check_circle", "fail": "error", "timeout": "timer", "rejected": "block"}
TABLE_HEIGHT = 420


def result_view(result: ExecutionResult, *, key: str) -> None:
    """Everything a caller may know of a call that was just made."""
    st.markdown(outcome_line(result))
    result_details(result, key=key)


def result_details(result: ExecutionResult, *, key: str) -> None:
    """The answer or the error, and what was said on the way."""
    if result.error is not None:
        error_block(result.error)
    else:
        answer(result, key=key)
    remarks(result)


def answer(result: ExecutionResult, *, key: str) -> None:
    """What a call that succeeded answered."""
    _answer(result.rows, result.data, result.df if result.rows else None, key=key)
    if result.truncated:
        st.caption(f"The first {result.row_count} rows; there are more.")


def remarks(result: ExecutionResult) -> None:
    """What was said beside the answer: warnings, prints, the policy trace."""
    for warning in result.warnings:
        st.warning(warning, icon=":material/warning:")
    if result.logs:
        with st.expander("Prints", icon=":material/terminal:"):
            st.code(result.logs, None)
    if result.trace:
        trace_strip(result.trace)


def outcome_line(result: ExecutionResult | ExecutionRecord) -> str:
    """`success · 20 rows · 118 ms · cache miss · circuit closed`, as Markdown."""
    color, icon = STATUS_COLORS[result.status], STATUS_ICONS[result.status]
    rows = result.row_count if isinstance(result, ExecutionResult) else result.rows_affected
    parts = [
        f":{color}[:material/{icon}: **{result.status}**]",
        counted(rows, "row") if rows is not None and result.status == "success" else "",
        duration(result.duration_ms),
        f"{result.attempts} attempts" if result.attempts > 1 else "",
        cache_word(result),
        f"circuit {result.circuit_breaker_state}",
    ]
    return " · ".join(part for part in parts if part)


def cache_word(result: ExecutionResult | ExecutionRecord) -> str:
    """Whether the answer came from the cache, and how old it is where that is known."""
    if isinstance(result, ExecutionResult) and result.cached:
        kind = "stale" if result.stale else "hit"
        return f"cache {kind} ({result.age_s:.0f} s old)" if result.age_s else f"cache {kind}"
    if result.cached:
        return "cache hit"
    return "cache miss" if any(stage.stage == "cache" for stage in trace_of(result)) else "no cache"


def trace_of(result: ExecutionResult | ExecutionRecord) -> tuple[TraceStage, ...]:
    """The policy trace of a call, or of its row in the log."""
    if isinstance(result, ExecutionResult):
        return result.trace
    return tuple(TraceStage.model_validate(stage) for stage in result.metadata.get("trace", ()))


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 row`, `1,000 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(milliseconds: float) -> str:
    """A duration for reading: `0.8 ms`, `118 ms`, `2.4 s`."""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 10_000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def trace_strip(stages: Sequence[TraceStage]) -> None:
    """The policy trace as one strip; each stage's particulars on hover."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for stage in stages:
            st.badge(
                f"{stage.stage} {stage.verdict} · {duration(stage.duration_ms)}",
                color=VERDICT_COLORS.get(stage.verdict, "gray"),
                help=_detail(stage),
            )


def record_answer(record: ExecutionRecord, *, key: str) -> None:
    """What a logged call answered, as far as the log keeps it."""
    text = record.response_data or ""
    if record.response_truncated:
        st.caption("Too large for the log: this is its head.")
        st.code(text, "json", wrap_lines=True, height=320)
    elif tabular.rows_of(text.encode()):
        table_answer(tabular.frame_of(text.encode()), key=key)
    else:
        json_answer(orjson.loads(text))


def json_answer(data: Any) -> None:
    """An answer that is no table."""
    if isinstance(data, (dict, list)):
        st.json(data, expanded=2)
    else:
        st.code(str(data), "json")


def table_answer(frame: pd.DataFrame, *, key: str) -> None:
    """An answer that is a table."""
    rows = len(frame)
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height=min(TABLE_HEIGHT, 38 + 35 * max(rows, 1)),
        placeholder="",
        alt=f"Answer with {rows} rows",
    )


def _answer(rows: Any, data: Any, frame: Any, *, key: str) -> None:
    if frame is not None:
        table_answer(frame(), key=key)
    elif isinstance(data, dict) and data.get("columns") and not rows:
        st.info("No rows. The call succeeded; try other parameters.", icon=":material/inbox:")
    else:
        json_answer(data)


def _detail(stage: TraceStage) -> str:
    lines = [f"{name}: `{value}`" for name, value in stage.detail.items() if value is not None]
    return "  \n".join(lines) or stage.verdict

"""Shows what a replay of logged calls found before a version was published."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.model.gate import Difference, GateReport, ReplayedCall
from pages.components.errors import escaped
from pages.components.result_view import counted, duration

LOOKS = {
    "passed": ("green", "check_circle", "nothing differs"),
    "changed": ("orange", "difference", "answers differ"),
    "failed": ("red", "error", "calls fail"),
    "nothing": ("gray", "remove_circle_outline", "nothing was replayed"),
}
VERDICTS = {
    "same": "same",
    "changed": "changed",
    "failed": "fails now",
    "mended": "mended",
    "unstable": "different each time",
}
COLUMNS = ("Parameters", "Verdict", "Difference", "Live ms", "New ms")


def gate_view(report: GateReport, *, key: str) -> None:
    """The verdict, each replayed call, the first differences, and what was left out."""
    st.markdown(headline(report))
    if report.calls:
        st.dataframe(
            pd.DataFrame([_row(call) for call in report.calls], columns=list(COLUMNS)),
            key=key,
            hide_index=True,
            height="content",
            alt="Replayed calls",
            column_config={
                "Live ms": st.column_config.NumberColumn(format="%.1f"),
                "New ms": st.column_config.NumberColumn(format="%.1f"),
            },
        )
    for call in report.calls:
        if call.difference is not None:
            examples_view(call.difference, title=f"First differences · {_sent(call)}")
    for skipped in report.skipped:
        st.caption(f":material/block: Not replayed: {escaped(skipped.reason)}")


def headline(report: GateReport) -> str:
    """`answers differ · 2 of 5 calls · p50 3 → 4 ms`, as Markdown."""
    color, icon, words = LOOKS[report.verdict]
    differing = sum(call.verdict in ("changed", "failed") for call in report.calls)
    parts = [
        f":{color}[:material/{icon}: **Replay: {words}**]",
        f"{differing} of {counted(len(report.calls), 'call')}" if report.calls else "",
        _latency("p50", report.live_p50_ms, report.draft_p50_ms),
        _latency("p95", report.live_p95_ms, report.draft_p95_ms),
        escaped(report.reason),
        f"accepted by {escaped(report.accepted_by)}" if report.accepted_by else "",
    ]
    return " · ".join(part for part in parts if part)


def gate_words(report: GateReport | None) -> str:
    """The same in a cell of a table."""
    if report is None or report.verdict == "nothing":
        return ""
    differing = sum(call.verdict in ("changed", "failed") for call in report.calls)
    calls = len(report.calls)
    return f"{differing} of {calls} calls differ"


def examples_view(found: Difference, *, title: str, expanded: bool = False) -> None:
    """The first differences of two answers as lines out and in."""
    lines = [
        line
        for each in found.examples
        for line in (f"  {each.where}", f"- {each.before}", f"+ {each.after}")
    ]
    if lines:
        with st.expander(escaped(title), icon=":material/difference:", expanded=expanded):
            st.code("\n".join(lines), "diff", wrap_lines=True)


def difference_words(found: Difference) -> str:
    """What differs, counted."""
    parts = [
        f"columns gone: {', '.join(found.columns_removed)}" if found.columns_removed else "",
        f"new columns: {', '.join(found.columns_added)}" if found.columns_added else "",
        ", ".join(found.retyped),
        _counts(found.rows_changed, "row", "changed"),
        _counts(found.rows_added, "row", "more"),
        _counts(found.rows_removed, "row", "gone"),
        _counts(found.values_changed, "value", "changed"),
        "rows in another order" if found.reordered else "",
    ]
    return " · ".join(part for part in parts if part) or "the same"


def _counts(count: int, noun: str, what: str) -> str:
    return f"{counted(count, noun)} {what}" if count else ""


def _latency(name: str, before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return ""
    return f"{name} {duration(before)} → {duration(after)}"


def _row(call: ReplayedCall) -> Sequence[object]:
    error = call.draft.error if call.verdict == "failed" else None
    differs = difference_words(call.difference) if call.difference else (error or "")
    sides = (call.live.duration_ms, call.draft.duration_ms)
    return (_sent(call), VERDICTS[call.verdict], differs, *sides)


def _sent(call: ReplayedCall) -> str:
    return ", ".join(f"{name}={value}" for name, value in call.params.items()) or "no parameters"

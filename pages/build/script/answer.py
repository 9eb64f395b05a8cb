"""The result of a script: how it went, what it used, what it answered and printed."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.executor_policies import effective_timeout_s
from engine.model import ExecutionResult, RuntimePolicy
from pages.components.errors import error_block
from pages.components.result_view import answer, duration, trace_strip
from pages.components.state import WorkingCopy

LEAST_METER_PX = 100
ISOLATION = {
    "A": "its own namespaces, seccomp and Landlock where there",
    "B": "Landlock and seccomp",
    "C": "seccomp without any file call",
    "none": "limits on time and memory only",
}


def script_answer(work: WorkingCopy, *, key: str) -> None:
    """Draw the last test, or say how to make one."""
    if work.result is None:
        st.info("**Ctrl+Enter** runs the draft in the sandbox.", icon=":material/play_arrow:")
        return
    result = work.result[0]
    if usage := usage_of(result):
        policy = RuntimePolicy.model_validate(work.fields["runtime_policy"])
        _meter(usage, policy)
    if result.error is not None:
        error_block(result.error)
    else:
        answer(result, key=key)
    if prints := prints_of(result):
        st.caption("Prints")
        st.code(prints, None)
    for warning in result.warnings:
        st.warning(warning, icon=":material/warning:")
    if result.trace:
        trace_strip(result.trace)


def usage_of(result: ExecutionResult) -> Mapping[str, Any]:
    """What a call used, whether it succeeded or failed."""
    if result.usage or result.error is None:
        return result.usage
    used: Mapping[str, Any] = result.error.details.get("usage") or {}
    return used


def prints_of(result: ExecutionResult) -> str:
    """What a script printed, up to where it failed."""
    return result.logs or str((result.error.details.get("logs") if result.error else "") or "")


def _meter(usage: Mapping[str, Any], policy: RuntimePolicy) -> None:
    limit_s = effective_timeout_s("script", policy)
    meters = st.grid(4, min_column_width=LEAST_METER_PX, gap="small")
    cpu, wall, memory, isolation = (meters.cell() for _ in range(4))
    cpu.metric("Processor", duration(usage["cpu_ms"]), help="Processor time of the script itself")
    wall.metric("Wall", duration(usage["wall_ms"]), help=f"It is ended after {limit_s:g} s")
    memory.metric(
        "Memory",
        f"{usage['memory_mb']:.0f} MB",
        help="At its peak; about 30 MB are the interpreter's. The policy allows "
        f"{policy.sandbox.memory_mb:g} MB above that.",
    )
    level = str(usage["isolation"])
    isolation.metric("Isolation", level, help=ISOLATION.get(level, level))

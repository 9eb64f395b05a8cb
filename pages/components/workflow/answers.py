"""What the steps of a run answered, as the execution log has it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import streamlit as st

from engine.model import Caller, ExecutionQuery, ExecutionRecord, Step
from pages.components.context import caller_key, engine

MAX_CALLS = 1000
_ROWS = '"rows":['


def records_of(
    execution_id: UUID, steps: Sequence[Step], caller: Caller
) -> dict[str, ExecutionRecord]:
    """The log row of each step that made one call."""
    kept = _calls(execution_id, caller)
    return {
        step.node_id: _record(step.execution_id, caller)
        for step in steps
        if step.execution_id is not None and step.execution_id in kept
    }


@st.cache_data(max_entries=20, show_spinner=False, hash_funcs={Caller: caller_key})
def _calls(execution_id: UUID, caller: Caller) -> frozenset[UUID]:
    """The ids of the calls that an ended run made, as far as the log still has them."""
    query = ExecutionQuery(parent_execution_id=execution_id, limit=MAX_CALLS)
    return frozenset(record.id for record in engine().logs.search(query, caller).items)


@st.cache_data(max_entries=500, show_spinner=False, hash_funcs={Caller: caller_key})
def _record(execution_id: UUID, caller: Caller) -> ExecutionRecord:
    """One call with its answer, which a search leaves out."""
    return engine().logs.get(execution_id, caller)


def samples_of(records: Mapping[str, ExecutionRecord]) -> dict[str, Any]:
    """The answers by step, for the names of their fields; of long ones the first row."""
    return {name: _sample(record) for name, record in records.items() if record.response_data}


def _sample(record: ExecutionRecord) -> Any:
    text = record.response_data or ""
    if not record.response_truncated:
        return orjson.loads(text)
    start = text.find(_ROWS)
    try:
        row, _ = json.JSONDecoder().raw_decode(text, start + len(_ROWS))
    except json.JSONDecodeError:
        return None
    return {"rows": [row]} if start >= 0 else None

"""Values to offer for a parameter: the rows of the API its schema names."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.call import ExecutionRequest
from engine.model import Caller
from pages.components.context import caller_key, engine
from pages.components.param_form import Choices


def choices_for(caller: Caller) -> Choices:
    """A function that lists an API's values; none when it fails, since one can still type."""

    def choices(api: str) -> Mapping[Any, str]:
        return _labels(api, caller)

    return choices


@st.cache_data(ttl="5m", max_entries=1000, show_spinner=False, hash_funcs={Caller: caller_key})
def _labels(api: str, caller: Caller) -> dict[Any, str]:
    result = engine().run(ExecutionRequest(api=api, source="ui"), caller)
    rows = [list(row.values()) for row in result.rows] if result.ok else []
    return {row[0]: " · ".join(str(value) for value in row[:2]) for row in rows if row}

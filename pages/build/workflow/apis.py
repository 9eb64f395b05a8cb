"""The APIs that a workflow may call."""

import streamlit as st

from engine.model import ApiDefinition, ApiQuery, Caller
from pages.components.context import caller_key, engine

OFFERED = 500


def callable_apis(caller: Caller, *, but: str) -> tuple[ApiDefinition, ...]:
    """Published APIs that are on, by name, without the workflow itself."""
    return tuple(api for api in _published(caller) if api.api_name != but)


def called_api(apis: tuple[ApiDefinition, ...], ref: str | None) -> ApiDefinition | None:
    """The API that a node names, by name or id."""
    return next((api for api in apis if ref in {api.api_name, str(api.id)}), None)


@st.cache_data(ttl="20s", max_entries=100, show_spinner=False, hash_funcs={Caller: caller_key})
def _published(caller: Caller) -> tuple[ApiDefinition, ...]:
    page = engine().apis.search(ApiQuery(is_active=True, limit=OFFERED), caller)
    return tuple(api for api in page.items if api.version)

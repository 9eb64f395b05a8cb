"""The APIs that a workflow may call: a palette of those that match, and any one by its name."""

from dataclasses import dataclass

import streamlit as st

from engine.errors import NotFoundError
from engine.model import ApiDefinition, ApiQuery, Caller
from pages.components.context import caller_key, engine

OFFERED = 200
FRESH_FOR = "20s"


@dataclass(frozen=True)
class CallableApis:
    """Published APIs that are on.

    Attributes:
        offered: The first that match what was typed into the palette, by name.
        is_whole: Whether these are all there are, so that the browser can search them itself.
    """

    offered: tuple[ApiDefinition, ...]
    is_whole: bool
    caller: Caller

    def find(self, ref: str | None) -> ApiDefinition | None:
        """The API that a step names, by name or id, among all there are."""
        if not ref:
            return None
        known = (api for api in self.offered if ref in {api.api_name, str(api.id)})
        return next(known, None) or (None if self.is_whole else _published(ref, self.caller))


def callable_apis(caller: Caller, *, but: str, wanted: str) -> CallableApis:
    """What matches a text, without the workflow itself."""
    offered, is_whole = _matching("", caller)
    if not is_whole and wanted:
        offered, _ = _matching(wanted, caller)
    free = tuple(api for api in offered if api.api_name != but)
    return CallableApis(free, is_whole=is_whole, caller=caller)


@st.cache_data(ttl=FRESH_FOR, max_entries=100, show_spinner=False, hash_funcs={Caller: caller_key})
def _matching(text: str, caller: Caller) -> tuple[tuple[ApiDefinition, ...], bool]:
    page = engine().apis.search(ApiQuery(q=text, is_active=True, limit=OFFERED), caller)
    return tuple(api for api in page.items if api.version), page.total <= OFFERED


@st.cache_data(ttl=FRESH_FOR, max_entries=1000, show_spinner=False, hash_funcs={Caller: caller_key})
def _published(ref: str, caller: Caller) -> ApiDefinition | None:
    try:
        api = engine().apis.get(ref, caller)
    except NotFoundError:
        return None
    return api if api.version and api.is_active else None

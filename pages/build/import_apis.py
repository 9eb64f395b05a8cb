"""Import: APIs from OpenAPI documents, SQL files, cURL commands and Postman collections."""

import streamlit as st

from engine.auth import authorize
from engine.importing import Plan
from engine.model import Caller
from pages.build.import_preview import preview
from pages.build.import_sources import SOURCES
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown
from pages.components.navigation import APIS_PAGE, go, open_api, say

caller = require_caller()
st.title("Import")
authorize(caller, "apis:write")
kind = st.segmented_control(
    "From", list(SOURCES), default="OpenAPI", required=True, key="from", bind="query-params"
)
source = SOURCES[kind]
st.caption(f"{source.becomes} Nothing is made before you say so, and then all of it or nothing.")


def create_buttons(plan: Plan, caller: Caller) -> None:
    """Make the APIs of a plan, as drafts or live."""
    fresh = [each for each in plan.apis if not each.exists]
    taken = len(plan.apis) - len(fresh)
    if taken:
        st.caption(
            f"{taken} of them are there already and stay as they are. Use a prefix for both."
        )
    with st.container(horizontal=True):
        drafts = st.button(
            f"Create {len(fresh)} drafts",
            type="primary",
            icon=":material/add:",
            key="import-drafts",
            disabled=not fresh,
        )
        live = st.button(
            f"Publish {len(fresh)}",
            icon=":material/publish:",
            key="import-publish",
            disabled=not fresh or any(each.errors for each in fresh),
            help="Only when all of them compile.",
        )
    if drafts or live:
        made = engine().imports.create(plan, caller, publish=live, skip_existing=True)
        say(f"{len(made)} APIs were imported {'and are live' if live else 'as drafts'}.")
        if len(made) == 1:
            open_api(made[0].name, "Overview" if live else "Edit")
        go(APIS_PAGE)


with st.container(width=720), errors_shown():
    proposal = source.read(caller)
    left, right = st.columns(2)
    prefix = left.text_input("Prefix of the names", key="import-prefix", placeholder="shop-")
    tags = right.text_input("Tags", key="import-tags", placeholder="imported, shop")
    words = tuple(tags.replace(",", " ").split())

if proposal is not None:
    with errors_shown():
        with st.spinner("Checking what would be made"):
            plan = engine().imports.plan(proposal, caller, prefix=prefix.strip(), tags=words)
        preview(plan)
        create_buttons(plan, caller)

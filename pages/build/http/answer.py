"""The result of a request in three views: the answer, its places, and what was sent."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from engine.model import ExecutionResult
from pages.components.errors import error_block, errors_shown
from pages.components.http.request_form import body_of, spec_of, with_part
from pages.components.http.response_paths import picked, places_of
from pages.components.result_view import answer, remarks
from pages.components.state import WorkingCopy

VIEWS = ("Answer", "Places", "Request")
INDENT_PX = 20
HEIGHT = 420


def request_answer(work: WorkingCopy, dry_run: Callable[[], dict[str, Any]], *, key: str) -> None:
    """Draw the view that is open."""
    result = work.result[0] if work.result else None
    shown, places, sent = st.tabs(VIEWS, key=f"{key}-views", on_change="rerun")
    if shown.open:
        with shown:
            _answer(result, key)
    if places.open:
        with places:
            _places(work, result, key)
    if sent.open:
        with sent, errors_shown():
            _request(dry_run())
    if result is not None:
        remarks(result)


def _answer(result: ExecutionResult | None, key: str) -> None:
    if result is None:
        st.info("**Ctrl+Enter** sends the draft's request.", icon=":material/play_arrow:")
    elif result.error is not None:
        error_block(result.error)
    else:
        answer(result, key=key)


def _places(work: WorkingCopy, result: ExecutionResult | None, key: str) -> None:
    if result is None or not result.ok or work.result is None:
        st.info(
            "Send the request first; then a click on a place of the answer makes it the "
            "response path.",
            icon=":material/ads_click:",
        )
        return
    before = str((spec_of(work.result[1]) or {}).get("response_path") or "")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Below `{before}`" if before else "Below the whole answer")
        if before and st.button("Whole answer", icon=":material/undo:", key=f"{key}-whole"):
            _pick(work, "")
            st.rerun()
    with st.container(height=HEIGHT, border=False, gap="xsmall"):
        for place in places_of(result.rows or result.data):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if place.depth:
                    st.space(INDENT_PX * place.depth)
                path = picked(before, place.path)
                st.button(
                    place.name,
                    type="tertiary",
                    key=f"{key}-place-{place.path}",
                    help=f"Response path `{path}`",
                    on_click=partial(_pick, work, path),
                )
                st.caption(place.words)


def _pick(work: WorkingCopy, path: str) -> None:
    spec = spec_of(work.fields["logic_body"])
    if spec is not None:
        work.write_body(body_of(with_part(spec, "response_path", path)))


def _request(dry_run: dict[str, Any]) -> None:
    st.markdown(f"**{dry_run['method']}** `{dry_run['url']}`")
    st.code(str(dry_run["curl"]), "bash", wrap_lines=True)
    st.caption("What would be sent with the inputs above; secrets are `***`.")

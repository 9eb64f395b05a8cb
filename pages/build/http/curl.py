"""A request from a pasted cURL command, and as one."""

import re
from typing import Any

import streamlit as st

from engine.executor_core.curl import from_curl, to_curl
from pages.components.errors import errors_shown
from pages.components.http.request_form import Spec, body_of, is_complete
from pages.components.navigation import say
from pages.components.state import WorkingCopy

WIDTH = 520


def curl_tools(work: WorkingCopy, spec: Spec | None, key: str) -> None:
    """Draw both directions."""
    with st.container(horizontal=True):
        with st.popover("Paste cURL", icon=":material/content_paste:", key=f"{key}-paste"):
            text = st.text_area(
                "cURL command",
                key=f"{key}-curl",
                width=WIDTH,
                height=160,
                placeholder="curl https://api.example.org/items -H 'Accept: application/json'",
            )
            if st.button("Replace the request", type="primary", key="import-curl"):
                with errors_shown():
                    import_curl(work, text or "")
                    st.rerun()
        with st.popover("Show as cURL", icon=":material/terminal:", key=f"{key}-show"):
            if spec is not None and is_complete(spec):
                st.code(to_curl(spec), "bash", wrap_lines=True, width=WIDTH)
            else:
                st.caption("Complete the URL and the auth fields first.")


def import_curl(work: WorkingCopy, text: str) -> None:
    """Replace the request, and drop the parameters that only the replaced one used.

    Raises:
        BadRequestError: It cannot be read as a cURL command.
    """
    imported = from_curl(text)
    before, body = work.fields["logic_body"], body_of(imported.spec)
    gone = _params_in(before) - _params_in(body)
    schema = work.fields["param_schema"]
    work.fields["param_schema"] = {name: schema[name] for name in schema if name not in gone}
    work.params_rev += 1
    work.write_body(body)
    for warning in imported.warnings:
        say(warning)


def fields_from_curl(text: str) -> dict[str, Any]:
    """The fields of an API that sends what a cURL command would.

    Raises:
        BadRequestError: It cannot be read as a cURL command.
    """
    body = body_of(from_curl(text).spec)
    return {"logic_body": body, "param_schema": {name: {} for name in sorted(_params_in(body))}}


def _params_in(body: str) -> set[str]:
    return set(re.findall(r"params\.([A-Za-z_]\w*)", body))

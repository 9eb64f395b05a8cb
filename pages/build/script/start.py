"""What stands above a script: templates to start from, and what it may import."""

import json
from functools import partial

import streamlit as st

from pages.components.script.modules import FAVOURITES, allowed_modules
from pages.components.script.templates import TEMPLATES, ScriptTemplate
from pages.components.state import WorkingCopy

WIDTH = 520


def script_tools(work: WorkingCopy, key: str) -> None:
    """Draw both popovers."""
    with st.container(horizontal=True):
        with st.popover("Templates", icon=":material/library_books:", key=f"{key}-templates"):
            st.caption("A template replaces script and parameters; its sample input comes along.")
            for template in TEMPLATES:
                _offer(work, template, key)
        with st.popover("Modules", icon=":material/deployed_code:", key=f"{key}-modules"):
            st.markdown("\n".join(f"- `{name}` {use}" for name, use in FAVOURITES.items()))
            st.caption(f"All that can be imported: {', '.join(allowed_modules())}", width=WIDTH)


def _offer(work: WorkingCopy, template: ScriptTemplate, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", width=WIDTH):
        st.markdown(f"**{template.title}**  \n{template.description}", width="stretch")
        st.button(
            "Use",
            key=f"{key}-use-{template.title}",
            help=f"Start from: {template.title}",
            on_click=partial(_use, work, template),
        )


def _use(work: WorkingCopy, template: ScriptTemplate) -> None:
    work.fields["param_schema"] = {name: dict(spec) for name, spec in template.param_schema.items()}
    work.params_rev += 1
    work.write_body(template.body)
    st.session_state[work.payload_key] = json.dumps(template.sample, indent=2)

"""What saving, publishing and discarding do once every field has been read."""

import streamlit as st

from engine.model import ApiDefinition, Caller
from pages.build.definition import drafts, working_copy
from pages.build.definition.toolbar import Action, Pressed
from pages.components.context import engine
from pages.components.gate_view import gate_words
from pages.components.navigation import open_api, say
from pages.components.state import WorkingCopy


def settle(
    api: ApiDefinition, work: WorkingCopy, caller: Caller, action: Action | None, pressed: Pressed
) -> None:
    """Do what a button of the toolbar or Ctrl+S asked for; else keep changes as a draft."""
    if action == "save":
        working_copy.save_draft(api, work, caller)
        st.toast("Draft saved", icon=":material/check:")
    elif action == "publish":
        published = working_copy.publish(
            api, work, caller, pressed.note, accept_changes=pressed.accept
        )
        version = engine().apis.version(str(published.id), published.version, caller)
        replayed = gate_words(version.gate)
        say(
            f"Version {published.version} of {published.api_name} is live"
            + (f"; on replay {replayed}" if replayed else "")
        )
        open_api(published.api_name, "Edit")
    elif action == "discard":
        working_copy.discard(api, work, caller)
        st.rerun()
    else:
        drafts.keep(api, work, caller)

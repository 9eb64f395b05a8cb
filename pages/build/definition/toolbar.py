"""The buttons above an editor: preview, save, publish, discard."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.model import ApiDefinition, Caller
from pages.build.definition.publish_panel import publish_panel
from pages.components.result_view import outcome_line
from pages.components.state import WorkingCopy

Action = Literal["preview", "save", "publish", "discard"]


@dataclass(frozen=True)
class Pressed:
    """What was pressed, to be done once every field has been read.

    `status` is for words on the work, `outcome` for how the last test went, in sight at any width.
    `accept` says that answers which the publish gate found to change are meant.
    """

    status: DeltaGenerator
    outcome: DeltaGenerator
    action: Action | None = None
    note: str = ""
    accept: bool = False


def toolbar(api: ApiDefinition, work: WorkingCopy, caller: Caller) -> Pressed:
    """Draw the buttons and tell which was pressed."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        status = st.empty()
        st.space("stretch")
        preview = st.button(
            "Preview",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            key="preview",
        )
        save = st.button("Save", icon=":material/save:", shortcut="Ctrl+S", key="save-draft")
        with st.popover("Publish", icon=":material/publish:", key=f"publish-{work.key}"):
            accept = publish_panel(api, work, caller)
            note = st.text_input("What changed", key=f"note-{work.key}", placeholder="optional")
            publish = st.button("Publish", type="primary", key="publish-now")
        discard = st.button(
            "Discard",
            icon=":material/undo:",
            type="tertiary",
            key="discard",
            help="Forget unsaved work and the draft, and show what is live.",
            disabled=api.version == 0,
        )
    presses: dict[Action, bool] = {
        "preview": preview,
        "save": save,
        "publish": publish,
        "discard": discard,
    }
    action = next((name for name, pressed in presses.items() if pressed), None)
    return Pressed(status, st.empty(), action, note or "", accept)


def say_how_it_stands(
    pressed: Pressed, api: ApiDefinition, work: WorkingCopy, *, differs: bool, is_running: bool
) -> None:
    """Write into the toolbar how the work stands, and how its last test went."""
    pressed.status.markdown(status_words(api, work, differs=differs))
    if work.result is not None and not is_running:
        pressed.outcome.markdown(outcome_line(work.result[0]))


def status_words(api: ApiDefinition, work: WorkingCopy, *, differs: bool) -> str:
    """How the work stands to the draft and to what is live."""
    if work.base_version != api.version:
        return f":orange[:material/sync_problem: version {api.version} was published meanwhile]"
    if work.is_unsaved:
        return ":orange[:material/edit: unsaved changes]"
    if api.version == 0:
        return ":gray[draft, never published]"
    if differs:
        return ":gray[:material/save: draft saved, not published]"
    return f":gray[:material/check: same as live version {api.version}]"

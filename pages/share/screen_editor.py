"""The editor of a screen: forms on the left, the screen as it would be on the right."""

import streamlit as st

from engine.errors import DefinitionInvalidError
from pages.components.context import engine, require_caller
from pages.components.errors import errors_shown, issue_list
from pages.components.navigation import go, say
from pages.components.screen.canvas import draw_screen
from pages.components.screen.controls import screen_controls
from pages.components.screen.desk import SCREEN_DESKS, ScreenDesk
from pages.share.screen_forms import blocks_form, inputs_form, screen_form, yaml_form

SCREENS_PAGE = "share/screens.py"
SCREEN_PAGE = "share/screen.py"

caller = require_caller()
screen_id = st.query_params.get("id") or st.session_state.get("last-screen")
if not screen_id:
    go(SCREENS_PAGE)
st.session_state["last-screen"] = screen_id
screen = engine().screens.get(screen_id, caller)
desks = SCREEN_DESKS.get()
desk = desks.setdefault(screen_id, ScreenDesk.of(screen))
if desk.version != screen.version and not desk.is_unsaved:
    desk = desks[screen_id] = ScreenDesk.of(screen)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(f"Edit · {desk.fields.get('title', screen_id)}", width="content")
    actions = st.container(horizontal=True, width="content", gap="small")

left, right = st.columns([2, 3], gap="medium")
with left:
    blocks, inputs, whole, text = st.tabs(["Blocks", "Inputs", "Screen", "YAML"])
    with blocks:
        blocks_form(desk, caller)
    with inputs:
        inputs_form(desk)
    with whole:
        screen_form(desk)
    with text:
        yaml_form(desk)

with right:
    try:
        spec = engine().screens.check(desk.fields, caller)
    except DefinitionInvalidError as error:
        st.warning("It cannot be shown like this yet.", icon=":material/rule:")
        issue_list(error.issues)
    else:
        st.caption("As it would be")
        values = screen_controls(spec, {}, caller, f"preview-{desk.key}")
        desk.columns.update(draw_screen(spec, values, caller, f"preview-{desk.key}"))

with actions, errors_shown():
    if st.button("Show", icon=":material/visibility:", key="show-screen"):
        go(SCREEN_PAGE, {"id": screen_id})
    if screen.draft and st.button("Discard draft", icon=":material/undo:", key="discard-draft"):
        desks[screen_id] = ScreenDesk.of(engine().screens.drop_draft(screen_id, caller))
        say("The draft was discarded.")
        st.rerun()
    is_unsaved = desk.is_unsaved
    saves = (("Save draft", "save", engine().screens.save_draft, "is kept as a draft"),)
    publishes = (("Publish", "publish", engine().screens.publish, "is what everybody sees now"),)
    for label, icon, save, said in saves + publishes:
        is_last = label == "Publish"
        if st.button(
            label,
            icon=f":material/{icon}:",
            type="primary" if is_last else "secondary",
            key=f"{icon}-screen",
            disabled=not is_unsaved and not (is_last and screen.draft),
        ):
            saved = save(screen_id, desk.fields, caller, expected_version=desk.version)
            desks[screen_id] = ScreenDesk.of(saved)
            say(f"{saved.spec.title} {said}.")
            st.rerun()

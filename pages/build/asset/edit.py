"""Changing an asset: its draft, checked as it stands, saved and published."""

from collections.abc import Mapping

import streamlit as st

from engine.auth import may
from engine.model import Caller
from engine.model.asset import Asset, AssetDraft
from pages.build.asset.editors import content_editor
from pages.components.context import engine
from pages.components.errors import errors_shown, issue_list
from pages.components.navigation import open_asset, say


def edit_tab(asset: Asset, caller: Caller) -> None:
    """Draw the editor of the draft, what is wrong with it, and what can be done with it."""
    draft = engine().assets.working_copy(asset.name, caller)
    rev = int(draft.updated_at.timestamp() * 1000)
    is_another = _tell_of_others(asset, draft, caller)
    with errors_shown():
        content = content_editor(asset, draft.content, caller, rev=rev)
        description = st.text_input(
            "Description", value=draft.description, key=f"asset-description-{asset.id}-{rev}"
        )
        tags = st.multiselect(
            "Tags",
            draft.tags,
            default=draft.tags,
            accept_new_options=True,
            placeholder="type and press Enter",
            key=f"asset-tags-{asset.id}-{rev}",
        )
        issues = engine().assets.check(asset.name, asset.asset_type, content, caller)
        issue_list(issues)
        fields = {"content": content, "description": description, "tags": tags}
        before = {"content": dict(draft.content), "description": draft.description}
        changed = fields != {**before, "tags": list(draft.tags)}
        _actions(asset, draft, fields, caller, changed=changed, only_shown=is_another)


def _tell_of_others(asset: Asset, draft: AssetDraft, caller: Caller) -> bool:
    """Say whose draft is shown; whether it has just taken the place of what was being typed."""
    seen = f"asset-seen-{asset.id}"
    before = st.session_state.get(seen)
    st.session_state[seen] = draft.updated_at
    if not asset.has_draft or draft.updated_by == caller.subject:
        return False
    if before is not None and before != draft.updated_at:
        st.warning(
            f"{draft.updated_by} saved a draft meanwhile: it is shown here, and what you had "
            "typed was not saved.",
            icon=":material/group:",
        )
        return True
    st.caption(f"This is the draft of {draft.updated_by}: saving goes on with it.")
    return False


def _actions(
    asset: Asset,
    draft: AssetDraft,
    fields: Mapping[str, object],
    caller: Caller,
    *,
    changed: bool,
    only_shown: bool,
) -> None:
    if not may(caller, "assets:write"):
        st.caption("Changing assets needs the role analyst.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        note = st.text_input(
            "Note", placeholder="what changed, and why", key="asset-note", width=320
        )
        save = st.button(
            "Save draft", icon=":material/save:", key="save-asset", disabled=not changed
        )
        publish = st.button(
            "Publish",
            type="primary",
            icon=":material/publish:",
            key="publish-asset",
            disabled=not (changed or asset.has_draft),
        )
        discard = (
            asset.version and asset.has_draft and st.button("Discard draft", key="discard-asset")
        )
        if only_shown:
            return
        if discard:
            engine().assets.drop_draft(asset.name, caller, seen=draft.updated_at)
            say("The draft is gone; what is published stays")
            open_asset(asset.name, "Edit")
    if save or (publish and changed):
        engine().assets.update(asset.name, fields, caller, seen=draft.updated_at)
    if publish:
        live = engine().assets.publish(asset.name, caller, note=note or "", seen=draft.updated_at)
        del st.session_state["asset-note"]
        say(f"Version {live.version} of {asset.name} is published")
        open_asset(asset.name, "Overview")
    if save:
        say("The draft is saved; what is published stays as it is")
        open_asset(asset.name, "Edit")

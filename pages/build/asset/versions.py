"""The versions of an asset: how two of them differ, and the way back."""

import pandas as pd
import streamlit as st

from engine.auth import may
from engine.model import Caller
from engine.model.asset import Asset
from pages.components.context import engine
from pages.components.diff_view import diff_view
from pages.components.errors import errors_shown
from pages.components.navigation import open_asset, say


def versions_tab(asset: Asset, caller: Caller) -> None:
    """Draw the list, the difference between two versions, and the rollback."""
    versions = engine().assets.versions(asset.name, caller)
    if not versions:
        st.info(
            "Nothing was published yet. **Edit** has a Publish button.", icon=":material/publish:"
        )
        return
    rows = [(each.version, each.created_at, each.created_by, each.change_note) for each in versions]
    st.dataframe(
        pd.DataFrame(rows, columns=["Version", "When", "By", "Note"]),
        hide_index=True,
        height="content",
        alt="Versions",
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            "Note": st.column_config.TextColumn(width="large"),
        },
    )
    if len(versions) == 1:
        st.caption("The next published change makes version 2; then the two can be compared here.")
        return
    numbers = [each.version for each in versions]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        old = st.selectbox("From version", numbers, index=1, key=f"from-{asset.id}", width=140)
        new = st.selectbox("to version", numbers, index=0, key=f"to-{asset.id}", width=140)
        if may(caller, "assets:write") and st.button(
            f"Roll back to {old}",
            icon=":material/settings_backup_restore:",
            key="roll-back-asset",
            disabled=old == asset.version,
        ):
            confirm_rollback(asset, old, caller)
    difference = engine().assets.diff(asset.name, old, new, caller)
    diff_view({**difference, "logic_body_diff": difference["content_diff"]})


@st.dialog("Roll back?", icon=":material/settings_backup_restore:")
@errors_shown()
def confirm_rollback(asset: Asset, version: int, caller: Caller) -> None:
    """Say what a rollback does, and do it when that is confirmed."""
    st.markdown(
        f"Version {asset.version + 1} of **{asset.name}** will be equal to version {version}; APIs "
        "that follow the latest version follow at once."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Roll back", type="primary", key="roll-back-asset-now"):
            live = engine().assets.rollback(asset.name, version, caller)
            say(f"Version {live.version} is published, equal to version {version}")
            open_asset(asset.name, "Versions")

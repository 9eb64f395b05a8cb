"""The versions of an API: what changed from one to another, and the way back."""

import pandas as pd
import streamlit as st

from engine.model import ApiDefinition, ApiVersion, Caller
from pages.components.context import engine
from pages.components.diff_view import diff_view
from pages.components.errors import errors_shown, issue_list
from pages.components.gate_view import gate_view, gate_words
from pages.components.navigation import open_api, say


def versions_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the list, the difference between two versions, and the rollback."""
    versions = engine().apis.versions(api.api_name, caller)
    if not versions:
        st.info(
            "Nothing was published yet. **Edit** has a Publish button.", icon=":material/publish:"
        )
        return
    st.dataframe(
        _frame(versions),
        hide_index=True,
        height="content",
        alt="Versions",
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            "Note": st.column_config.TextColumn(width="large"),
        },
    )
    if len(versions) > 1:
        _compare(api, versions, caller)
    else:
        st.caption("The next published change makes version 2; then the two can be compared here.")


def _frame(versions: tuple[ApiVersion, ...]) -> pd.DataFrame:
    rows = [
        (
            each.version,
            each.created_at,
            each.created_by,
            f"{len(each.breaking)} for users" if each.breaking else "",
            gate_words(each.gate),
            each.change_note,
        )
        for each in versions
    ]
    return pd.DataFrame(rows, columns=["Version", "When", "By", "Breaks", "Replay", "Note"])


def _compare(api: ApiDefinition, versions: tuple[ApiVersion, ...], caller: Caller) -> None:
    numbers = [each.version for each in versions]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        old = st.selectbox(
            "From version", numbers, index=1, key=f"from-{api.id}-{api.version}", width=140
        )
        new = st.selectbox(
            "to version", numbers, index=0, key=f"to-{api.id}-{api.version}", width=140
        )
        if st.button(
            f"Roll back to {old}",
            icon=":material/settings_backup_restore:",
            key="roll-back",
            disabled=old == api.version,
        ):
            confirm_rollback(api, old, caller)
    difference = engine().apis.diff(api.api_name, old, new, caller)
    diff_view(difference)
    chosen = next(each for each in versions if each.version == new)
    issue_list(chosen.breaking)
    if chosen.gate is not None:
        st.caption(f"Before version {new} was published:")
        gate_view(chosen.gate, key=f"gate-{api.id}-{new}")


@st.dialog("Roll back?", icon=":material/settings_backup_restore:")
@errors_shown()
def confirm_rollback(api: ApiDefinition, version: int, caller: Caller) -> None:
    """Say what a rollback does, and do it when that is confirmed."""
    st.markdown(
        f"Version {api.version + 1} of **{api.api_name}** will be equal to version {version} and "
        "live at once. The versions between stay in the list."
    )
    note = st.text_input("Why", placeholder="optional", key="rollback-note")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Roll back", type="primary", key="roll-back-now"):
            live = engine().apis.rollback(api.api_name, version, caller, note=note or "")
            say(f"Version {live.version} is live, equal to version {version}")
            open_api(live.api_name, "Versions")

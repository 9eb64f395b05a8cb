"""Where an API is used: what would break without it, and the graph around it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.lineage import Use, WhereUsed
from engine.lineage_graph import LineageNode
from engine.model import ApiDefinition, Caller
from pages.components.context import engine
from pages.components.lineage_view import lineage_view
from pages.components.navigation import API_PAGE, api_link

WORDS = {
    "workflow": "workflow",
    "choices": "form with its choices",
    "tool": "tool",
    "resolver": "resolver",
    "rule": "rule",
    "screen": "screen",
    "alert": "alert",
}


def where_used_tab(api: ApiDefinition, caller: Caller) -> None:
    """Draw the graph, and the uses as a list."""
    lineage = engine().lineage
    used = lineage.where_used(api.api_name, caller)
    chosen = lineage_view(
        lineage.graph(api.api_name, caller), key=f"lineage-{api.id}-{api.version}"
    )
    if chosen is not None:
        _link(chosen, api)
    if used.uses:
        st.dataframe(uses_frame(used.uses), hide_index=True, height="content", alt="Uses")
    if used.hidden:
        st.caption(f"And {used.hidden} more that you may not see.")
    if used.keys:
        names = ", ".join(f"**{name}**" for name in used.keys)
        st.caption(f":material/key: Keys that are limited to it, or to it and others: {names}")
    if not used.uses and not used.hidden:
        st.info("Nothing uses it: it can be deleted without harm.", icon=":material/check:")


def uses_frame(uses: Sequence[Use]) -> pd.DataFrame:
    """What uses an API, one a row."""
    rows = [
        (
            use.name,
            WORDS[use.kind],
            ", ".join(use.parts),
            " → ".join(use.via) or "directly",
            "on" if use.is_active else "off",
        )
        for use in uses
    ]
    return pd.DataFrame(rows, columns=["Used by", "As", "In", "Through", "State"])


def users_in_words(used: WhereUsed) -> str:
    """The direct users as a Markdown list."""
    lines = [f"- {WORDS[use.kind]} **{use.name}**" for use in used.direct]
    if used.hidden:
        lines.append(f"- {used.hidden} more that you may not see")
    return "\n".join(lines)


def _link(node: LineageNode, api: ApiDefinition) -> None:
    if node.kind == "api" and node.name != api.api_name:
        st.page_link(
            API_PAGE,
            label=f"Open {node.name}",
            icon=":material/arrow_forward:",
            query_params=api_link(node.name),
        )
    else:
        st.caption(f"{node.kind}: {node.name}")

"""Shows how two versions of a definition differ."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

Difference = Mapping[str, Any]


def diff_view(difference: Difference) -> None:
    """The body as a unified diff, then every other field that changed."""
    body, changed = difference["logic_body_diff"], difference["changed"]
    if not body and not changed:
        st.caption("These two are the same.")
        return
    if difference["nodes"]:
        st.code("\n".join(node_lines(difference["nodes"])) or "  the same steps", "diff")
    if body:
        st.code(body, "diff", wrap_lines=True)
    for name, values in changed.items():
        st.markdown(f"**{name.replace('_', ' ').capitalize()}**")
        st.code("\n".join(changed_lines(values["from"], values["to"])), "diff", wrap_lines=True)


def node_lines(nodes: Difference) -> list[str]:
    """The steps and edges of a workflow that came, went or changed, a line each."""
    changed = [
        f"  step {name}, {leaf['path']}: {leaf['from']} → {leaf['to']}"
        for name, leaves in nodes["changed"].items()
        for leaf in leaves
    ]
    return [
        *(f"- step {name}" for name in nodes["removed"]),
        *(f"+ step {name}" for name in nodes["added"]),
        *changed,
        *(f"- edge {edge}" for edge in nodes["edges_removed"]),
        *(f"+ edge {edge}" for edge in nodes["edges_added"]),
        *(f"  {leaf['path']}: {leaf['from']} → {leaf['to']}" for leaf in nodes["settings"]),
    ]


def changed_lines(before: Any, after: Any, path: str = "") -> list[str]:
    """The leaves that differ between two JSON values, each as a line out and a line in."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        return [
            line
            for name in names
            for line in changed_lines(
                before.get(name), after.get(name), f"{path}.{name}" if path else name
            )
        ]
    if before == after:
        return []
    label = f"{path}: " if path else ""
    return [f"- {label}{before}"] * (before is not None) + [f"+ {label}{after}"] * (
        after is not None
    )

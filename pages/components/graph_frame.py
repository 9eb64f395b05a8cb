"""The frame of streamlit-agraph, read-only; a click chooses a node.

Goes below `streamlit_agraph.agraph`, which has no key: each change of data would load the frame
anew. Texts of users never become a `title`, which the frame takes for HTML. The component is
registered by its import, and only while a page is drawn: nothing else may import it first.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit_agraph

FONT = "Helvetica, Arial, sans-serif"
LEAST_PX = 150


def graph_frame(
    data: Mapping[str, Sequence[Mapping[str, Any]]], *, height: int, key: str
) -> str | None:
    """Draw nodes and edges at least 150 px high; the id of the node that was clicked, if any."""
    config = streamlit_agraph.Config(
        height=max(LEAST_PX, height), physics=False, groups={}, interaction={"zoomView": False}
    )
    config.width = "100%"
    clicked: str | None = streamlit_agraph._agraph(
        data=json.dumps(data), config=json.dumps(config.__dict__), key=key
    )
    return clicked

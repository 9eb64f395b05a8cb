"""Loads our browser components from /assets: no npm to run, and about 1 KB per rerun.

The bundle is not passed inline because Streamlit sends an inline script again whenever the
component's data changes.
"""

import hashlib
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

ASSETS = Path(__file__).parents[2] / "assets"

_LOADER = """
const bundle = import(new URL("assets/{name}.js?v={digest}", document.baseURI).href)
export default function (component) {{
  let stop
  let unmounted = false
  bundle.then((module) => {{ if (!unmounted) stop = module.default(component) }})
  return () => {{ unmounted = true; stop?.() }}
}}
"""


def asset_component(name: str) -> ComponentRenderer:
    """Register the component whose bundle is `pages/assets/<name>.js`; once per process."""
    digest = hashlib.sha256((ASSETS / f"{name}.js").read_bytes()).hexdigest()[:12]
    return st.components.v2.component(
        name, html=f'<div id="{name}"></div>', js=_LOADER.format(name=name, digest=digest)
    )

"""The one process: the dashboard, the REST API at /api and the browser components at /assets.

Run it by `make run`, or with `streamlit run app.py --server.address=127.0.0.1`.
"""

import importlib
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from engine.auth import first_key_notice
from engine.bootstrap import default_engine
from engine.facade import Engine, local_caller
from engine.sidecar import create_app

HERE = Path(__file__).parent

PAGES_NEED = ("plotly.express", "pages.components.frame")
"""Modules that are slow to import; the first visitor need not wait for them.

Not `streamlit_agraph`: a component that is imported outside a page is never registered.
"""


def warm_up(engine: Engine) -> None:
    """Import what pages need, and read the policies of every API, of which home looks at all."""
    for name in PAGES_NEED:
        importlib.import_module(name)
    engine.policies.breakers(local_caller())


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Open the engine before the first session, and close it after the last."""
    with default_engine() as engine:
        if engine.first_key is not None:
            sys.stderr.write(first_key_notice(engine.first_key))
        engine.job_runner.watch()
        threading.Thread(target=warm_up, args=(engine,), name="warm-up", daemon=True).start()
        yield


app = st.App(
    HERE / "pages" / "_router.py",
    lifespan=lifespan,
    routes=[
        Mount("/api", app=create_app(default_engine)),
        Mount("/assets", app=StaticFiles(directory=HERE / "pages" / "assets")),
    ],
)

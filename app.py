"""The one process: the dashboard, the REST API at /api and the browser components at /assets.

Run it by `make run`, or with `streamlit run app.py --server.address=127.0.0.1`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from engine.auth import first_key_notice
from engine.bootstrap import default_engine
from engine.sidecar import create_app

HERE = Path(__file__).parent


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Open the engine before the first session, and close it after the last."""
    with default_engine() as engine:
        if engine.first_key is not None:
            sys.stderr.write(first_key_notice(engine.first_key))
        engine.job_runner.watch()
        yield


app = st.App(
    HERE / "pages" / "_router.py",
    lifespan=lifespan,
    routes=[
        Mount("/api", app=create_app(default_engine)),
        Mount("/assets", app=StaticFiles(directory=HERE / "pages" / "assets")),
    ],
)

"""Builds the REST application, to stand alone or to be mounted in the dashboard's process."""

import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from engine.auth import first_key_notice
from engine.facade import Engine
from engine.settings import Settings
from engine.sidecar.calls import CallPool
from engine.sidecar.docs_page import ASSETS_PATH, assets
from engine.sidecar.document import OpenApiDocuments
from engine.sidecar.failures import BugBarrier, install_handlers
from engine.sidecar.leaving import CloseWhenLeaving
from engine.sidecar.mcp import mcp_route
from engine.sidecar.middleware import BodyLimit, HeadAsGet, RequestIdentity
from engine.sidecar.results import ENCODINGS
from engine.sidecar.routes import (
    alerts,
    apis,
    asset_registry,
    auth,
    call,
    check,
    document,
    execute,
    jobs,
    lineage,
    logs,
    metrics,
    ops,
    policies,
    rerun,
    rules,
    screens,
    secrets,
    tenant_settings,
    testing,
    tools,
    users,
)

_ROUTES = (
    execute,
    call,
    alerts,
    apis,
    lineage,
    testing,
    rerun,
    jobs,
    check,
    logs,
    metrics,
    policies,
    rules,
    screens,
    secrets,
    auth,
    users,
    asset_registry,
    tools,
    tenant_settings,
    ops,
    document,
)
"""Calls come first: a request is compared with one route after another."""

REST_VERSION = "1"
"""The contract's version: it changes only when clients would have to."""

_WORTH_COMPRESSING = 1024
_FAST = 4
"""Of gzip's levels: tabular JSON becomes a seventh larger than with 9, in an eighth of the time."""

_DESCRIPTION = """Run, define and watch APIs.

Every answer is an envelope: `{"time", "code", "message", "data"}`. `code` is 0 for success;
otherwise it is the HTTP status, and `data.error` has `type`, `message`, `details` and `hint`.
"""


def create_app(engine: Engine | Callable[[], Engine] | None = None) -> FastAPI:
    """The REST application.

    Args:
        engine: An open engine, or what gives one at the first request; its owner closes it.
            Without one the application opens an engine from the environment when it starts and
            closes it when it ends (`uvicorn engine.sidecar:create_app --factory`).

    Raises:
        SettingsError: A setting of the environment cannot be used.
    """
    settings = engine.settings if isinstance(engine, Engine) else Settings.load()
    app = FastAPI(
        title="API Engine",
        version=REST_VERSION,
        description=_DESCRIPTION,
        lifespan=None if engine else _with_own_engine(settings),
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        openapi_url=None,
    )
    if isinstance(engine, Engine):
        app.state.engine = lambda: engine
    else:
        app.state.engine = engine
    app.state.calls = CallPool(settings.max_concurrent_calls, settings.max_waiting_calls)
    app.state.leaving = threading.Event()
    app.state.documents = OpenApiDocuments(app.openapi)
    _add_middleware(app, settings)
    app.add_middleware(CloseWhenLeaving, leaving=app.state.leaving)
    install_handlers(app)
    for group in _ROUTES:
        app.include_router(group.router)
    app.mount(ASSETS_PATH, assets())
    app.router.routes.append(mcp_route())
    return app


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost."""
    app.add_middleware(BugBarrier)
    app.add_middleware(BodyLimit, max_bytes=settings.max_request_bytes)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=_WORTH_COMPRESSING,
        compresslevel=_FAST,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, ENCODINGS["parquet"].media_type),
    )
    app.add_middleware(HeadAsGet)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=[
                "ETag",
                "Idempotency-Replayed",
                "Retry-After",
                "x-execution-id",
                "x-request-id",
                "x-truncated",
            ],
        )
    app.add_middleware(RequestIdentity)


def _with_own_engine(
    settings: Settings,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with Engine.open(settings) as engine:
            if engine.first_key is not None:
                sys.stderr.write(first_key_notice(engine.first_key))
            app.state.engine = lambda: engine
            engine.job_runner.watch()
            yield

    return lifespan

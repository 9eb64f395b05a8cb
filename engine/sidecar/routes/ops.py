"""Whether this process lives and may be sent traffic, and where to begin."""

from typing import Any

from fastapi import APIRouter, Request, Response

from engine.sidecar.deps import CallPoolDep, EngineDep
from engine.sidecar.envelope import answer
from engine.sidecar.schemas import Envelope

router = APIRouter(tags=["ops"])


@router.get("/", response_model=Envelope[dict[str, str]])
async def index(request: Request) -> Response:
    """Say where things are."""
    # Not `base_url`: it forgets the path that this app is mounted under.
    here = str(request.base_url.replace(path=request.scope["root_path"])).rstrip("/")
    paths = {
        "apis": "/api-manager/apis",
        "openapi": "/openapi.json",
        "docs": "/docs",
        "health": "/healthz",
        "readiness": "/readyz",
    }
    return answer({name: here + path for name, path in paths.items()})


@router.get("/healthz", response_model=Envelope[dict[str, str]])
async def healthz() -> Response:
    """Say that this process answers; needs no credentials."""
    return answer({"status": "ok"})


@router.get(
    "/readyz",
    response_model=Envelope[dict[str, Any]],
    responses={503: {"model": Envelope[dict[str, Any]], "description": "Something is down."}},
)
async def readyz(request: Request, engine: EngineDep, calls: CallPoolDep) -> Response:
    """Say of each component whether it answers; 503 while one that is needed does not.

    Also 503 from the moment at which the process was asked to end: send it no more.
    """
    if request.app.state.leaving.is_set():
        return answer({"status": "leaving", "components": {}}, status=503)
    health = await calls.run(engine.health)
    return answer(health, status=503 if health["status"] == "down" else 200)

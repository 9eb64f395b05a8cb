"""Secrets: written and listed by name, never read back."""

from fastapi import APIRouter, Response

from engine.sidecar.access_schemas import SecretBody
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/api-manager", tags=["secrets"])


@router.get("/secrets", **documented(Envelope[list[str]]))
async def list_secrets(visit: VisitDep) -> Response:
    """List the names of secrets."""
    return answer(await visit.run(visit.engine.secrets.names, visit.caller))


@router.put("/secrets/{name}", **documented(Envelope[None]))
async def put_secret(name: str, body: SecretBody, visit: VisitDep) -> Response:
    """Store or replace a secret; `{{secrets.NAME}}` gives it to HTTP APIs."""
    value = body.value.get_secret_value()
    return answer(await visit.run(visit.engine.secrets.put, name, value, visit.caller))


@router.delete("/secrets/{name}", **documented(Envelope[None], 404))
async def delete_secret(name: str, visit: VisitDep) -> Response:
    """Remove a secret."""
    return answer(await visit.run(visit.engine.secrets.delete, name, visit.caller))

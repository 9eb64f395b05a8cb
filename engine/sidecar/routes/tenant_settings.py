"""Settings: the instance's as they are in force, and the tenant's, which admins change."""

from collections.abc import Sequence

from fastapi import APIRouter, Response
from pydantic import BaseModel

from engine.facade import Engine
from engine.model import Caller
from engine.settings_report import EffectiveSetting
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope
from engine.tenant_settings import TenantValues

router = APIRouter(prefix="/admin", tags=["settings"])


class SettingsView(BaseModel):
    """The tenant's settings, and the instance's, which need a restart to change."""

    tenant: TenantValues
    instance: Sequence[EffectiveSetting]


@router.get("/settings", **documented(Envelope[SettingsView]))
async def read_settings(visit: VisitDep) -> Response:
    """Read every setting; secrets are masked."""
    return answer(await visit.run(_view, visit.engine, visit.caller))


@router.put("/settings", **documented(Envelope[SettingsView]))
async def change_settings(body: TenantValues, visit: VisitDep) -> Response:
    """Set the tenant's settings, all at once: what is left out goes back to its default."""
    await visit.run(visit.engine.tenant_settings.set, body, visit.caller)
    return answer(await visit.run(_view, visit.engine, visit.caller))


def _view(engine: Engine, caller: Caller) -> SettingsView:
    settings = engine.tenant_settings
    return SettingsView(tenant=settings.values(caller), instance=settings.instance(caller))

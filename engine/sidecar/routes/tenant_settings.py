"""Settings, the instance's and the tenant's, and the log of what admins and authors change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from engine.facade import Engine
from engine.model import Caller, Page
from engine.settings_report import EffectiveSetting
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope
from engine.tenant_settings import TenantValues

router = APIRouter(prefix="/admin", tags=["settings"])
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=2_147_483_647)]


class SettingsView(BaseModel):
    """The tenant's settings, and the instance's, which need a restart to change."""

    tenant: TenantValues
    instance: Sequence[EffectiveSetting]


class AuditView(BaseModel):
    """One management action."""

    at: datetime
    actor: str
    action: str
    target: str
    detail: Mapping[str, Any]


@router.get("/settings", **documented(Envelope[SettingsView]))
async def read_settings(visit: VisitDep) -> Response:
    """Read every setting; secrets are masked."""
    return answer(await visit.run(_view, visit.engine, visit.caller))


@router.put("/settings", **documented(Envelope[SettingsView]))
async def change_settings(body: TenantValues, visit: VisitDep) -> Response:
    """Set the tenant's settings, all at once: what is left out goes back to its default."""
    await visit.run(visit.engine.tenant_settings.set, body, visit.caller)
    return answer(await visit.run(_view, visit.engine, visit.caller))


@router.get("/audit-log", **documented(Envelope[Page[AuditView]]))
async def read_audit_log(visit: VisitDep, limit: Limit = 50, offset: Offset = 0) -> Response:
    """List who changed what, when; newest first."""
    page = await visit.run(visit.engine.audit_log.page, visit.caller, limit=limit, offset=offset)
    items = [AuditView.model_validate(each, from_attributes=True) for each in page.items]
    return answer(Page(items=tuple(items), total=page.total, limit=limit, offset=offset))


def _view(engine: Engine, caller: Caller) -> SettingsView:
    settings = engine.tenant_settings
    return SettingsView(tenant=settings.values(caller), instance=settings.instance(caller))

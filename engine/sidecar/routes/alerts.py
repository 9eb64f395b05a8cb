"""Alerts, and what they told."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from engine.model.alerting import Alert, AlertEvent
from engine.sidecar.alert_schemas import AlertEventView, AlertFields, AlertView
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/alerts", tags=["alerts"])
AlertRef = Annotated[str, Path(description="Name or id of an alert.", examples=["slow-delays"])]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("", **documented(Envelope[list[AlertView]]))
async def list_alerts(visit: VisitDep) -> Response:
    """List alerts by name, and where each stands."""
    found = await visit.run(visit.engine.alerts.list, visit.caller)
    return answer([_view(alert) for alert in found])


@router.post("", status_code=201, **documented(Envelope[AlertView], 404, 409))
async def create_alert(body: AlertFields, visit: VisitDep) -> Response:
    """Create an alert, which is looked at from now on."""
    alert = await visit.run(visit.engine.alerts.create, body.sent(), visit.caller)
    return answer(_view(alert), status=201)


@router.get("/events", **documented(Envelope[list[AlertEventView]]))
async def list_alert_events(visit: VisitDep, limit: Limit = 50) -> Response:
    """List what all alerts told, newest first."""
    found = await visit.run(visit.engine.alerts.events, visit.caller, None, limit)
    return answer([_event(each) for each in found])


@router.get("/{alert}", **documented(Envelope[AlertView], 404))
async def read_alert(alert: AlertRef, visit: VisitDep) -> Response:
    """Read an alert and where it stands."""
    return answer(_view(await visit.run(visit.engine.alerts.get, alert, visit.caller)))


@router.patch("/{alert}", **documented(Envelope[AlertView], 404, 409))
async def change_alert(alert: AlertRef, body: AlertFields, visit: VisitDep) -> Response:
    """Replace the fields sent; the alert begins anew, quiet."""
    changed = await visit.run(visit.engine.alerts.update, alert, body.sent(), visit.caller)
    return answer(_view(changed))


@router.delete("/{alert}", **documented(Envelope[None], 404))
async def delete_alert(alert: AlertRef, visit: VisitDep) -> Response:
    """Delete an alert; what it told stays."""
    return answer(await visit.run(visit.engine.alerts.delete, alert, visit.caller))


@router.get("/{alert}/events", **documented(Envelope[list[AlertEventView]], 404))
async def list_events_of_alert(alert: AlertRef, visit: VisitDep, limit: Limit = 50) -> Response:
    """List what an alert told, newest first."""
    found = await visit.run(visit.engine.alerts.events, visit.caller, alert, limit)
    return answer([_event(each) for each in found])


@router.post("/{alert}/try", status_code=202, **documented(Envelope[AlertEventView], 404))
async def try_alert(alert: AlertRef, visit: VisitDep) -> Response:
    """Tell who is told that this is a try, within seconds."""
    event = await visit.run(visit.engine.alerts.tell, alert, visit.caller)
    return answer(_event(event), status=202)


def _view(alert: Alert) -> dict[str, Any]:
    return alert.model_dump(exclude={"tenant_id", "revision"})


def _event(event: AlertEvent) -> dict[str, Any]:
    return event.model_dump(exclude={"tenant_id"})

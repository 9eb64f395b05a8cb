"""Metrics: as JSON for a window, and in Prometheus' text form."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from engine.facade import Engine
from engine.metrics import GroupBy, MetricsQuery, Point
from engine.metrics_text import CONTENT_TYPE
from engine.metrics_window import parse_duration
from engine.model import Caller
from engine.releases import releases_of
from engine.sidecar.deps import AsUtc, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope, MetricsView, SloView
from engine.slo import SloReport

router = APIRouter(tags=["metrics"])

_LENGTH = "A number and s, m, h, d or w."


@router.get("/api-manager/metrics", **documented(Envelope[MetricsView], 404))
async def read_metrics(
    visit: VisitDep,
    *,
    api_id: Annotated[str | None, Query(description="Name or id of one API.")] = None,
    window: Annotated[str, Query(description=_LENGTH, examples=["24h"])] = "1h",
    step: Annotated[str | None, Query(description=f"{_LENGTH} Whole minutes.")] = None,
    until: Annotated[datetime | None, AsUtc, Query(description="The end, instead of now.")] = None,
    group_by: GroupBy | None = None,
) -> Response:
    """Count calls, errors and durations of a window: in total, by slice of time and by group."""
    query = MetricsQuery(
        window=parse_duration(window),
        step=parse_duration(step) if step else None,
        until=until,
        group_by=group_by,
    )
    return answer(await visit.run(_read, visit.engine, visit.caller, api_id, query))


@router.get("/api-manager/slos", **documented(Envelope[list[SloView]], 404))
async def read_slos(
    visit: VisitDep,
    api: Annotated[str | None, Query(description="Name or id of one API.")] = None,
) -> Response:
    """Say how the objectives of APIs are kept, those whose budget is most spent first."""
    return answer(await visit.run(_slos, visit.engine, visit.caller, api))


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        **documented(None)["responses"],
        200: {"content": {"text/plain": {}}, "description": "Text exposition format 0.0.4."},
    },
)
async def read_prometheus_metrics(visit: VisitDep) -> Response:
    """Give the metrics of every API to Prometheus."""
    text = await visit.run(visit.engine.metrics.prometheus, visit.caller)
    return Response(text, media_type=CONTENT_TYPE)


def _slos(engine: Engine, caller: Caller, ref: str | None) -> tuple[SloReport, ...]:
    if ref is None:
        return engine.slos.reports(caller)
    report = engine.slos.report(ref, caller)
    return (report,) if report else ()


def _read(engine: Engine, caller: Caller, ref: str | None, query: MetricsQuery) -> dict[str, Any]:
    if ref is not None:
        query = query.of_api(engine.apis.get(ref, caller).id)
    report = engine.metrics.report(query, caller)
    return {
        "since": report.since,
        "until": report.until,
        "step_s": report.step_s,
        "group_by": report.group_by,
        "total": report.total,
        "series": [_point(point) for point in report.series],
        "groups": [
            {
                "value": group.value,
                "label": group.label,
                "api_id": group.api_id,
                **asdict(group.total),
                "series": [_point(point) for point in group.series],
            }
            for group in report.groups
        ],
        "errors": engine.metrics.errors(query, caller),
        "releases": releases_of(engine.apis, engine.metrics, ref, query, caller) if ref else [],
    }


def _point(point: Point) -> dict[str, Any]:
    return {"start": point.start, **asdict(point.figures)}

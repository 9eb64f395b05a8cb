"""Policies: breakers, cache and limits as they are now, and how they would react to faults."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from orjson import Fragment

from engine.definition_fields import new_definition
from engine.errors import BadRequestError
from engine.model import ApiDefinition, ExecutionResult
from engine.policy_control import BreakerView, CacheSelection, LimitView, Transition
from engine.policy_lab import LabPlan
from engine.ports import CacheStats
from engine.sidecar.deps import ApiRef, Visit, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.policy_schemas import (
    BreakerBody,
    InvalidateBody,
    InvalidateView,
    LabBody,
    LabCallView,
)
from engine.sidecar.results import execution_fields
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/api-manager", tags=["policies"])


@router.get("/cache/stats", **documented(Envelope[CacheStats]))
async def cache_stats(visit: VisitDep) -> Response:
    """Read the cache's backend in force and the counters of this process."""
    return answer(await visit.run(visit.engine.policies.cache_stats, visit.caller))


@router.post("/cache/invalidate", **documented(Envelope[InvalidateView], 404))
async def invalidate_cache(body: InvalidateBody, visit: VisitDep) -> Response:
    """Drop cached answers by API, tag or all, in every process; a preview only counts them."""
    policies = visit.engine.policies
    selection = CacheSelection(api=body.api, tag=body.tag, everything=body.all)
    act = policies.find_cached if body.preview else policies.drop_cached
    found = await visit.run(act, selection, visit.caller)
    return answer({"answers": found.answers, "more": found.more, "dropped": not body.preview})


@router.get("/breakers", **documented(Envelope[list[BreakerView]]))
async def list_breakers(visit: VisitDep) -> Response:
    """List the breakers that guard APIs, with state and thresholds."""
    return answer(await visit.run(visit.engine.policies.breakers, visit.caller))


@router.get("/breakers/events", **documented(Envelope[list[Transition]], 404))
async def list_breaker_events(
    visit: VisitDep,
    api: Annotated[str | None, Query(description="Name or id of an API.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """List the latest changes of breakers' states, newest first."""
    transitions = visit.engine.policies.transitions
    return answer(await visit.run(transitions, visit.caller, api=api, limit=limit))


@router.post("/{api}/breaker", include_in_schema=False)
@router.post("/apis/{api}/breaker", **documented(Envelope[BreakerView], 404, 409))
async def steer_breaker(api: ApiRef, body: BreakerBody, visit: VisitDep) -> Response:
    """Force the breaker of an API open, disable it, or reset it with `auto`."""
    steer = visit.engine.policies.steer_breaker
    return answer(await visit.run(steer, api, body.mode, visit.caller, reason=body.reason))


@router.get("/limits", **documented(Envelope[list[LimitView]]))
async def list_limits(visit: VisitDep) -> Response:
    """List who uses how much of which rate limit now, the fullest first."""
    return answer(await visit.run(visit.engine.policies.limits, visit.caller))


@router.post("/policy-lab", **documented(Envelope[list[LabCallView]], 404))
async def run_policy_lab(body: LabBody, visit: VisitDep) -> Response:
    """Call an API in series while faults are injected, under policies of its own."""
    results = await visit.run(_run_lab, visit, body)
    return answer([_call_view(result) for result in results])


def _run_lab(visit: Visit, body: LabBody) -> tuple[ExecutionResult, ...]:
    plan = LabPlan(
        fault=body.fault,
        calls=body.calls,
        pause_s=body.pause_s,
        params=body.params,
        input_payload=body.input_payload,
    )
    return visit.engine.lab.run(_definition(visit, body), plan, visit.caller)


def _definition(visit: Visit, body: LabBody) -> ApiDefinition:
    if body.api is not None and body.definition is None:
        return visit.engine.apis.working_copy(body.api, visit.caller)
    if body.definition is not None and body.api is None:
        return new_definition({"api_name": "unsaved", **body.definition.sent()}, visit.caller)
    raise BadRequestError("give either an api or a definition")


def _call_view(result: ExecutionResult) -> dict[str, Any]:
    return {
        **execution_fields(result),
        "data": Fragment(result.data_json),
        "error": result.error,
        "trace": result.trace,
    }

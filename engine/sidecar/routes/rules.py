"""Rules and the events they watch."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Path, Query, Response

from engine.cep.rules import RULE_FIELDS
from engine.facade import Engine
from engine.model import Caller, Page
from engine.model.cep import Event, EventQuery, Firing, FiringQuery, FiringStatus, Rule, RuleQuery
from engine.sidecar.deps import Visit, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.etags import ETAG_PATTERN, expected_version
from engine.sidecar.openapi import documented
from engine.sidecar.rule_schemas import (
    BacktestPeriod,
    BacktestView,
    EventView,
    FiringView,
    RuleFields,
    RuleToggleBody,
    RuleView,
    TakenView,
    UnsavedBacktest,
)
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/cep", tags=["rules"])
OTHER_WAY = RuleToggleBody()
LAST_DAY = BacktestPeriod()
_DAY = timedelta(days=1)
_DEFAULTS: dict[str, Any] = {"description": "", "is_active": True}
RuleRef = Annotated[str, Path(description="Name or id of a rule.", examples=["late-arrivals"])]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Refuse with 409 when the rule is at another version.",
        json_schema_extra={"pattern": ETAG_PATTERN},
    ),
]


@router.get("/rules", **documented(Envelope[Page[RuleView]]))
async def list_rules(query: Annotated[RuleQuery, Query()], visit: VisitDep) -> Response:
    """List rules by name."""
    return answer(await visit.run(_page, visit.engine, query, visit.caller))


@router.post("/rules", status_code=201, **documented(Envelope[RuleView], 409, 422))
async def create_rule(body: RuleFields, visit: VisitDep) -> Response:
    """Create a rule, which acts from now on in the caller's name if it is switched on."""
    rule = await visit.run(visit.engine.rules.create, body.sent(), visit.caller)
    return _rule(visit.engine, rule, status=201)


@router.post("/rules/backtest", **documented(Envelope[BacktestView], 422))
async def backtest_unsaved(body: UnsavedBacktest, visit: VisitDep) -> Response:
    """Say when a rule that is not saved would have fired; nothing is called."""
    return answer(await visit.run(_backtest, visit, body.sent(), body))


@router.get("/rules/{rule}", **documented(Envelope[RuleView], 404))
async def read_rule(rule: RuleRef, visit: VisitDep) -> Response:
    """Read a rule and how it gets on."""
    return _rule(visit.engine, await visit.run(visit.engine.rules.get, rule, visit.caller))


@router.put("/rules/{rule}", **documented(Envelope[RuleView], 404, 409, 422))
async def replace_rule(
    rule: RuleRef, body: RuleFields, visit: VisitDep, if_match: IfMatch = None
) -> Response:
    """Replace the whole rule; optional fields that are not sent take their defaults."""
    missing = {name: _DEFAULTS.get(name) for name in RULE_FIELDS}
    return await visit.run(_change, visit, rule, {**missing, **body.sent()}, if_match)


@router.patch("/rules/{rule}", **documented(Envelope[RuleView], 404, 409, 422))
async def change_rule(
    rule: RuleRef, body: RuleFields, visit: VisitDep, if_match: IfMatch = None
) -> Response:
    """Replace the fields sent; from now on the rule acts in the caller's name."""
    return await visit.run(_change, visit, rule, body.sent(), if_match)


@router.delete("/rules/{rule}", **documented(Envelope[None], 404, 409))
async def delete_rule(rule: RuleRef, visit: VisitDep, if_match: IfMatch = None) -> Response:
    """Delete a rule; what it fired stays in the log."""
    version = expected_version(if_match)
    delete = partial(visit.engine.rules.delete, rule, visit.caller, expected_version=version)
    return answer(await visit.run(delete))


@router.patch("/rules/{rule}/toggle", **documented(Envelope[RuleView], 404, 409, 422))
async def toggle_rule(
    rule: RuleRef, visit: VisitDep, body: Annotated[RuleToggleBody, Body()] = OTHER_WAY
) -> Response:
    """Switch a rule on, in the caller's name, or off; without a body, the other way."""
    return await visit.run(partial(_toggle, visit, rule, active=body.is_active))


@router.post("/rules/{rule}/backtest", **documented(Envelope[BacktestView], 404, 422))
async def backtest_saved(
    rule: RuleRef, visit: VisitDep, body: Annotated[BacktestPeriod, Body()] = LAST_DAY
) -> Response:
    """Say when a rule would have fired in a period of the past; nothing is called."""
    return answer(await visit.run(_backtest_saved, visit, rule, body))


@router.get("/rules/{rule}/log", **documented(Envelope[Page[FiringView]], 404))
async def rule_log(
    rule: RuleRef,
    visit: VisitDep,
    status: FiringStatus | None = None,
    since: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """List what a rule fired, newest first."""
    query = FiringQuery(status=status, since=since, limit=limit, offset=offset)
    return answer(await visit.run(_log, visit.engine, rule, query, visit.caller))


@router.get("/firings/{firing_id}", **documented(Envelope[FiringView], 404))
async def read_firing(firing_id: UUID, visit: VisitDep) -> Response:
    """Read one firing with the head of its API's answer."""
    return answer(_firing(await visit.run(visit.engine.rules.firing, firing_id, visit.caller)))


@router.post("/events", status_code=202, **documented(Envelope[TakenView], 413))
async def post_events(
    visit: VisitDep,
    body: Annotated[
        dict[str, Any] | list[Any],
        Body(
            description="One event or a list of them; those with a known event_id are left out.",
            examples=[{"event_type": "flight.landed", "data": {"carrier": "AA", "arr_delay": 43}}],
        ),
    ],
) -> Response:
    """Record events, on disk before this answers; rules look at them at once."""
    events = body if isinstance(body, list) else [body]
    post = partial(visit.engine.rules.events.post, events, visit.caller, trace_id=visit.trace_id)
    return answer(await visit.run(post), status=202)


@router.get("/events", **documented(Envelope[Page[EventView]]))
async def list_events(query: Annotated[EventQuery, Query()], visit: VisitDep) -> Response:
    """List recorded events, newest first."""
    page = await visit.run(visit.engine.rules.events.search, query, visit.caller)
    return answer(page.model_copy(update={"items": tuple(map(_event, page.items))}))


def _page(engine: Engine, query: RuleQuery, caller: Caller) -> Page[RuleView]:
    page = engine.rules.search(query, caller)
    views = tuple(RuleView.of(rule, engine.rules.next_times(rule)) for rule in page.items)
    return Page(items=views, total=page.total, limit=page.limit, offset=page.offset)


def _rule(engine: Engine, rule: Rule, *, status: int = 200) -> Response:
    view = RuleView.of(rule, engine.rules.next_times(rule))
    return answer(view, status=status, headers={"ETag": f'"{rule.version}"'})


def _change(visit: Visit, ref: str, fields: dict[str, Any], if_match: str | None) -> Response:
    version = expected_version(if_match)
    rules = visit.engine.rules
    return _rule(visit.engine, rules.update(ref, fields, visit.caller, expected_version=version))


def _toggle(visit: Visit, ref: str, *, active: bool | None) -> Response:
    return _rule(visit.engine, visit.engine.rules.set_active(ref, visit.caller, active=active))


def _backtest(visit: Visit, fields: dict[str, Any], period: BacktestPeriod) -> BacktestView:
    since, until = _times(period)
    rules = visit.engine.rules
    return BacktestView.of(rules.backtest(fields, visit.caller, since=since, until=until))


def _backtest_saved(visit: Visit, ref: str, period: BacktestPeriod) -> BacktestView:
    since, until = _times(period)
    rules = visit.engine.rules
    return BacktestView.of(rules.backtest_saved(ref, visit.caller, since=since, until=until))


def _times(period: BacktestPeriod) -> tuple[datetime, datetime]:
    until = period.until or datetime.now(UTC)
    return period.since or until - _DAY, until


def _log(engine: Engine, ref: str, query: FiringQuery, caller: Caller) -> Page[FiringView]:
    rule = engine.rules.get(ref, caller)
    page = engine.rules.log(query.model_copy(update={"rule_id": rule.id}), caller)
    items = tuple(map(_firing, page.items))
    return Page(items=items, total=page.total, limit=page.limit, offset=page.offset)


def _firing(firing: Firing) -> FiringView:
    return FiringView(**firing.model_dump(exclude={"tenant_id", "firing_key"}))


def _event(event: Event) -> EventView:
    return EventView(**event.model_dump(exclude={"tenant_id", "seq"}))

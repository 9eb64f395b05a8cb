"""Lineage: what uses an API or a table, and what an API stands on."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from engine.facade import Engine
from engine.lineage import Use, WhereUsed
from engine.lineage_graph import LineageGraph
from engine.model import Caller
from engine.sidecar.deps import ApiRef, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope, WhereUsedView

router = APIRouter(prefix="/api-manager", tags=["apis"])
Hops = Annotated[int, Query(ge=0, le=10, description="How far the graph reaches.")]


@router.get("/apis/{api}/where-used", **documented(Envelope[WhereUsedView], 404))
async def api_where_used(api: ApiRef, visit: VisitDep, hops: Hops = 2) -> Response:
    """Say what uses an API, directly or through others, with a graph of what is around it."""
    used, graph = await visit.run(_around, visit.engine, api, visit.caller, hops)
    view = WhereUsedView(uses=used.uses, keys=used.keys, hidden=used.hidden, graph=graph)
    return answer(view)


@router.get("/where-used", **documented(Envelope[list[Use]]))
async def table_where_used(
    table: Annotated[str, Query(description="`table` or `schema.table`.")],
    visit: VisitDep,
    connection: Annotated[str | None, Query(description="Of this connection alone.")] = None,
) -> Response:
    """List the APIs that read a table."""
    readers = partial(visit.engine.lineage.readers, table, visit.caller, connection=connection)
    return answer(await visit.run(readers))


def _around(engine: Engine, ref: str, caller: Caller, hops: int) -> tuple[WhereUsed, LineageGraph]:
    return (
        engine.lineage.where_used(ref, caller),
        engine.lineage.graph(ref, caller, hops=hops),
    )

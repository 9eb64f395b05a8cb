"""What a handler is given: the engine, the caller, and a thread to call the one as the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator

from engine.auth import Credentials
from engine.facade import Engine
from engine.model import Caller
from engine.sidecar.calls import CallPool
from engine.trace_context import SpanParent

P = ParamSpec("P")
T = TypeVar("T")

_api_key = APIKeyHeader(
    name="X-API-Key", scheme_name="ApiKey", description="An API key.", auto_error=False
)
_bearer = HTTPBearer(
    scheme_name="Bearer", description="An API key or a JSON Web Token.", auto_error=False
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One authenticated request."""

    engine: Engine
    caller: Caller
    trace_id: str
    calls: CallPool
    span_parent: SpanParent | None = None
    request_id: str | None = None

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a blocking call of the engine; raises OverloadedError when it is full."""
        return await self.calls.run(call, *args, **kwargs)


async def open_engine(request: Request) -> Engine:
    """The engine behind this app."""
    engine: Engine = request.app.state.engine()
    return engine


async def call_pool(request: Request) -> CallPool:
    """The threads that calls of this app share."""
    calls: CallPool = request.app.state.calls
    return calls


async def enter(
    request: Request,
    api_key: Annotated[str | None, Security(_api_key)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Visit:
    """Find out who calls; raises AuthenticationError before anything else is looked at."""
    engine, calls = await open_engine(request), await call_pool(request)
    credentials = Credentials(
        api_key=api_key,
        bearer=bearer.credentials if bearer else None,
        client_ip=request.client.host if request.client else None,
    )
    caller = engine.auth.recall(credentials)
    if caller is None:
        caller = await calls.run(engine.auth.authenticate, credentials)
    state = request.state
    return Visit(engine, caller, state.trace_id, calls, state.span_parent, state.request_id)


async def visit_of(request: Request) -> Visit:
    """As `enter`, for an endpoint that is no handler of FastAPI's."""
    return await enter(request, await _api_key(request), await _bearer(request))


async def enter_if_known(
    request: Request,
    api_key: Annotated[str | None, Security(_api_key)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Visit | None:
    """As `enter`, where one may come without credentials; wrong ones are refused all the same."""
    if "x-api-key" in request.headers or "authorization" in request.headers:
        return await enter(request, api_key, bearer)
    return None


def _as_utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment and moment.astimezone(UTC)
    return moment.replace(tzinfo=UTC)


AsUtc = AfterValidator(_as_utc)
"""A time without a zone is one in UTC."""
VersionNumber = Annotated[int, Path(ge=1, le=2_147_483_647, description="A version's number.")]
EngineDep = Annotated[Engine, Depends(open_engine)]
CallPoolDep = Annotated[CallPool, Depends(call_pool)]
VisitDep = Annotated[Visit, Depends(enter)]
ApiRef = Annotated[str, Path(description="Name or id of an API.", examples=["delays-by-carrier"])]

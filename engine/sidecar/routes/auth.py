"""Signing in, and the API keys."""

from functools import partial
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from engine.auth.sessions import COOKIE, lifetime
from engine.errors import PermissionDeniedError
from engine.ports import ApiKey
from engine.sidecar.access_schemas import (
    KeyView,
    NewKeyBody,
    NewKeyView,
    SignInBody,
    TicketBody,
    TokenView,
)
from engine.sidecar.deps import CallPoolDep, EngineDep, VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.openapi import documented
from engine.sidecar.schemas import Envelope

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/token", **documented(Envelope[TokenView], 429))
async def sign_in(
    body: SignInBody, request: Request, engine: EngineDep, calls: CallPoolDep
) -> Response:
    """Exchange name and password for a token that lives some minutes."""
    call = partial(
        engine.auth.sign_in,
        body.tenant,
        body.user_name,
        body.password.get_secret_value(),
        address=request.client.host if request.client else None,
        audience="rest",
    )
    token = await calls.run(call)
    seconds = int(lifetime("rest").total_seconds())
    return answer(TokenView(access_token=token, expires_in=seconds))


@router.post("/session", include_in_schema=False)
async def keep_session(
    body: TicketBody, request: Request, engine: EngineDep, calls: CallPoolDep
) -> Response:
    """Give the dashboard's browser its session as a cookie that no script can read.

    No endpoint takes the cookie for credentials: only the dashboard reads it.
    """
    _refuse_other_sites(request)
    token, seconds = await calls.run(engine.auth.sessions.redeem, body.ticket)
    response = answer(None)
    response.set_cookie(
        COOKIE, token, max_age=seconds, httponly=True, samesite="lax", secure=_is_https(request)
    )
    return response


@router.delete("/session", include_in_schema=False)
async def forget_session(request: Request, engine: EngineDep, calls: CallPoolDep) -> Response:
    """Sign the browser out: end the session of its cookie, and remove the cookie."""
    _refuse_other_sites(request)
    token = request.cookies.get(COOKIE)
    if token:
        await calls.run(engine.auth.sessions.end, token, "dashboard")
    response = answer(None)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_is_https(request))
    return response


@router.get("/api-keys", **documented(Envelope[list[KeyView]]))
async def list_api_keys(visit: VisitDep) -> Response:
    """List the keys of the tenant, newest first."""
    return answer([_view(key) for key in await visit.run(visit.engine.auth.keys.all, visit.caller)])


@router.post("/api-keys", status_code=201, **documented(Envelope[NewKeyView]))
async def create_api_key(body: NewKeyBody, visit: VisitDep) -> Response:
    """Make a key; the answer is the only place that ever shows it."""
    create = partial(
        visit.engine.auth.keys.create,
        visit.caller,
        name=body.name,
        roles=body.roles,
        scope=body.scope,
        expires_at=body.expires_at,
        allowed_ips=body.allowed_ips,
        rate=body.rate,
    )
    issued = await visit.run(create)
    return answer(NewKeyView(**_view(issued.key).model_dump(), key=issued.text), status=201)


@router.delete("/api-keys/{key_id}", **documented(Envelope[None], 404))
async def revoke_api_key(key_id: str, visit: VisitDep) -> Response:
    """End a key; every process refuses it within two seconds."""
    return answer(await visit.run(visit.engine.auth.keys.revoke, key_id, visit.caller))


def _view(key: ApiKey) -> KeyView:
    return KeyView.model_validate(key, from_attributes=True)


def _refuse_other_sites(request: Request) -> None:
    """Keep other sites' pages from signing a browser in as somebody else, or out."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_own = site == "same-origin"
    else:
        is_own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise PermissionDeniedError("only the dashboard's own pages may do this")


def _is_https(request: Request) -> bool:
    # A proxy's word is enough: who lies about it harms only the own browser.
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto")}

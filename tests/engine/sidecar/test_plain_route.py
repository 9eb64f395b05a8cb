"""A request is read alike with and without the framework's machinery."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict

from engine.sidecar.calls import CallPool
from engine.sidecar.deps import VisitDep
from engine.sidecar.envelope import answer
from engine.sidecar.failures import install_handlers
from engine.sidecar.middleware import BodyLimit, RequestIdentity
from engine.sidecar.plain_route import PlainRoute

JSON = {"Content-Type": "application/json"}
LARGEST = 10_000


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    params: dict[str, object] = {}


NOTHING = Sent()


async def with_default(
    api: str,
    visit: VisitDep,
    body: Annotated[Sent, Body()] = NOTHING,
    *,
    trace: Annotated[bool, Query()] = False,
    asked: Annotated[int | None, Query(alias="format")] = None,
    accept: Annotated[str, Header()] = "",
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Response:
    read = [api, visit.caller.subject, body.model_fields_set, trace, asked, accept, key]
    return answer([*read, repr(body.params)])


async def with_body(api: str, body: Sent, visit: VisitDep) -> Response:
    return answer([api, repr(body.params), visit.trace_id])


async def by_query(api: str, request: Request, visit: VisitDep, trace: bool = False) -> Response:
    return answer([api, request.query_params.multi_items(), trace, visit.caller.tenant_id])


@pytest.fixture(scope="module")
def client(engine, keys):
    app = FastAPI()
    app.state.engine = lambda: engine
    app.state.calls = CallPool(4, 4)
    app.add_middleware(BodyLimit, max_bytes=LARGEST)
    app.add_middleware(RequestIdentity)
    install_handlers(app)
    for prefix, kind in (("/plain", PlainRoute), ("/usual", APIRoute)):
        router = APIRouter(prefix=prefix, route_class=kind)
        router.post("/default/{api}")(with_default)
        router.post("/body/{api}")(with_body)
        router.get("/query/{api}")(by_query)
        app.include_router(router)
    with TestClient(app, headers={"X-API-Key": keys["viewer"]}) as client:
        yield client


def told(response):
    """Everything but the time of day."""
    return response.status_code, {**response.json(), "time": None}


def both(client, method, path, **request):
    headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", **request.pop("headers", {})}
    return [
        client.request(method, f"/{prefix}{path}", headers=headers, **request)
        for prefix in ("plain", "usual")
    ]


@pytest.mark.parametrize("path", ["/default/x", "/body/x", "/default/a%20b%C3%A9"])
@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b'{"params": {"n": 1}}', JSON),
        (b"{}", JSON),
        (b"", {}),
        (b"", JSON),
        (b"null", JSON),
        (b"[]", JSON),
        (b'{"params": []}', JSON),
        (b'{"params": {}, "more": 1}', JSON),
        (b'{"params": {"n": NaN}}', JSON),
        (b'{"params": {"n": 1' + b"0" * 400 + b"}}", JSON),
        (b'{"params": {"n": 1}, "params": {"n": 2}}', JSON),
        (b'\xef\xbb\xbf{"params": {}}', JSON),
        (b'{"params": {"t": "\xff"}}', JSON),
        ("{}".encode("utf-16"), JSON),
        (b"{", JSON),
        (b"[" * 5000, JSON),
        (b"x" * (LARGEST + 1), JSON),
        (b'{"params": {"n": 1}}', {"Content-Type": "application/json; charset=utf-8"}),
        (b'{"params": {"n": 1}}', {"Content-Type": "application/vnd.x+json"}),
        (b'{"params": {"n": 1}}', {"Content-Type": "text/plain"}),
        (b'{"params": {"n": 1}}', {}),
        (b"{}", {**JSON, "Accept": "text/csv;q=0.5", "Idempotency-Key": "k1"}),
        (b"{}", {**JSON, "X-API-Key": "wrong"}),
        (b"{", {**JSON, "X-API-Key": "wrong"}),
        (b"[]", {**JSON, "X-API-Key": "wrong"}),
    ],
)
def test_a_body_is_read_alike(client, path, content, headers):
    plain, usual = both(client, "POST", path, content=content, headers=headers)

    assert told(plain) == told(usual)


@pytest.mark.parametrize("method_and_path", [("POST", "/default/x"), ("GET", "/query/x")])
@pytest.mark.parametrize(
    "query",
    ["", "a=1&a=2", "trace=true", "%74race=true", "trace=maybe", "format=7", "format=x", "a=%ff&b"],
)
def test_a_query_is_read_alike(client, method_and_path, query):
    plain, usual = both(client, *method_and_path, params=query)

    assert told(plain) == told(usual)


def test_credentials_are_asked_for_alike(client):
    stranger = TestClient(client.app)

    plain, usual = both(stranger, "POST", "/default/x", json={})

    assert plain.status_code == 401
    assert told(plain) == told(usual)


def test_a_route_that_depends_on_more_goes_the_usual_way(client):
    router = APIRouter(route_class=PlainRoute)

    @router.get("/also")
    async def needs_more(seven: Annotated[int, Depends(lambda: 7)]) -> int:
        return seven

    client.app.include_router(router)

    assert client.get("/also").json() == 7

"""What holds for every endpoint there is, found by the OpenAPI document and the docs."""

import re
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi.testclient import TestClient

from engine import Engine
from engine.sidecar import create_app

DOCUMENT = create_app(lambda: pytest.fail("the document needs no engine")).openapi()
ROUTES = sorted(
    (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
)
OPEN = {("GET", "/"), ("GET", "/healthz"), ("GET", "/readyz"), ("POST", "/auth/token")}
GUARDED = [route for route in ROUTES if route not in OPEN]
NEEDS = {
    (method, path): role
    for method, path, role in re.findall(
        r"^\| `(\w+) (/\S*)` \|.*\| (\w+) \|$",
        (Path(__file__).parents[3] / "docs" / "rest.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}
BODILESS = {"/alerts/{alert}/try"}
MADE_BY_PUT = {"/api-manager/secrets/{name}"}
RANKS = ["viewer", "analyst", "admin"]


def filled(path: str, api: str = "nowhere") -> str:
    path = path.replace("secrets/{name}", "secrets/every_route")
    path = path.replace("{execution_id}", "6f1c1a1e-0000-4000-8000-000000000000")
    path = path.replace("{firing_id}", "6f1c1a1e-0000-4000-8000-000000000000")
    path = path.replace("{job_id}", "6f1c1a1e-0000-4000-8000-000000000000")
    return re.sub(r"{[^}]+}", "1", re.sub(r"{api(_name)?}", api, path))


ACCESS_BODIES: dict[str, dict[str, object]] = {
    "/api-manager/secrets/{name}": {"value": "s3cret"},
    "/auth/api-keys": {"name": "every route", "roles": ["viewer"]},
    "/auth/users": {"user_name": "eve", "password": "twelve characters", "roles": ["admin"]},
    "/auth/users/{user_name}": {"is_active": True},
    "/auth/role-bindings": {"subject": "group:routes", "role": "viewer"},
}


def body_for(path: str) -> dict[str, object]:
    if path.endswith("validate-sql"):
        return {"sql": "SELECT 1", "dialect": "duckdb"}
    if path.endswith("/breaker"):
        return {"mode": "auto"}
    if path.endswith(("/tests", "/{test}", "/keep-as-test")):
        return {"name": "every route"}
    if path == "/cep/events":
        return {"event_type": "every.route", "data": {}}
    if path.startswith("/asset-registry/") and path.endswith(("/rollback", "/{label}")):
        return {"version": 1}
    if path.endswith("/invalidate"):
        return {"tag": "nobody-has-it"}
    if path in ("/tools", "/tools/import"):
        return {"api": "nowhere"}
    if path in ACCESS_BODIES:
        return ACCESS_BODIES[path]
    if path in ("/api-manager/test", "/api-manager/dry-run", "/api-manager/policy-lab"):
        return {"definition": {"logic_type": "sql", "logic_body": "SELECT 1"}}
    return {}


def assert_failure(response: Any, *statuses: int) -> None:
    body = response.json()
    assert response.status_code in statuses, response.text
    assert list(body) == ["time", "code", "message", "data"]
    assert body["code"] == response.status_code
    assert set(body["data"]["error"]) == {"type", "message", "details", "hint"}
    assert body["message"] == body["data"]["error"]["message"]
    assert response.headers["x-request-id"]
    assert "Traceback" not in response.text


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": "Basic eDp5"}])
def test_without_credentials_nothing_is_answered(stranger, method, path, headers):
    response = stranger.request(method, filled(path), headers=headers, json=body_for(path))

    assert_failure(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("role", RANKS)
def test_each_role_may_do_what_the_docs_say_and_no_more(client_as, new_api, method, path, role):
    is_allowed = RANKS.index(role) >= RANKS.index(NEEDS[method, path])
    url = filled(path, new_api()["api_name"] if "{api" in path else "")

    response = client_as(role).request(method, url, json=body_for(path))

    assert (response.status_code != 403) is is_allowed, response.text
    if response.status_code >= 400:
        assert_failure(response, 403, 404, 422)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_another_tenants_apis_are_not_there(engine, operator, base_url, new_api, method, path):
    api = new_api()["api_name"]
    neighbour = operator.model_copy(update={"tenant_id": "neighbour"})
    key = engine.auth.keys.create(neighbour, name="n", roles=["admin"]).text
    url = base_url + filled(path, api)

    response = httpx.request(method, url, headers={"X-API-Key": key}, json=body_for(path))

    if "{" in path and path not in MADE_BY_PUT:
        assert_failure(response, 404)
    assert api not in response.text.replace(f"'{api}'", "")


@pytest.mark.parametrize(
    ("method", "path"),
    [each for each in GUARDED if each[0] in ("POST", "PUT") and each[1] not in BODILESS],
)
@pytest.mark.parametrize("body", [b"{", b'{"a": 1', b"\xff", b"[]", b"1", b'"x"'])
def test_a_broken_body_is_refused_in_the_envelope(admin, method, path, body):
    headers = {"Content-Type": "application/json"}

    assert_failure(admin.request(method, filled(path), content=body, headers=headers), 400, 422)


@pytest.mark.parametrize(("_", "path"), ROUTES)
def test_a_wrong_method_is_refused_in_the_envelope(admin, _, path):
    response = admin.request("TRACE", filled(path))

    assert_failure(response, 405)
    assert response.headers["Allow"]


@pytest.mark.parametrize("path", ["/nowhere", "/api-manager", "/api-manager/apis/", "/healthz/x"])
def test_an_unknown_path_is_refused_in_the_envelope(admin, path):
    assert_failure(admin.get(path), 404)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_a_bug_tells_nothing_of_itself(method, path):
    broken = create_app(lambda: cast(Engine, object()))  # an engine that has none of its parts
    client = TestClient(broken, raise_server_exceptions=False)

    response = client.request(method, filled(path), json=body_for(path))

    assert_failure(response, 500)
    assert "object" not in response.text
    assert response.headers["x-request-id"] in response.json()["data"]["error"]["hint"]


def test_the_docs_list_every_endpoint():
    assert set(NEEDS) == set(ROUTES)


def test_every_endpoint_documents_envelope_errors_and_credentials():
    for method, path in GUARDED:
        operation = DOCUMENT["paths"][path][method.lower()]
        failure = operation["responses"]["401"]["content"]["application/json"]["schema"]
        assert operation["security"] == [{"ApiKey": []}, {"Bearer": []}]
        assert failure == {"$ref": "#/components/schemas/ErrorEnvelope"}
        assert operation["summary"]
        assert operation["description"]


def test_a_generated_client_has_a_short_name_for_every_operation():
    names = [
        operation["operationId"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
    ]

    assert len(set(names)) == len(ROUTES)
    assert {"execute", "list_apis", "validate_sql"} <= set(names)


def test_a_rate_is_documented_as_it_is_written():
    policy = DOCUMENT["components"]["schemas"]["RateLimitPolicy"]["properties"]["per_api"]

    assert policy["anyOf"][0]["examples"] == ["100/minute"]


def test_the_document_names_both_ways_to_authenticate():
    schemes = DOCUMENT["components"]["securitySchemes"]

    assert schemes["ApiKey"]["name"] == "X-API-Key"
    assert schemes["Bearer"]["scheme"] == "bearer"

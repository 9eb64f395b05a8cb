import re
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from engine.model import Scope
from engine.sidecar import create_app
from engine.sidecar.document import OpenApiDocuments


@pytest.fixture
def read(admin):
    """The document as an admin is given it."""

    def read_document():
        response = admin.get("/openapi.json")
        assert response.status_code == 200, response.text
        return response.json()

    return read_document


def read_as(base_url, engine, caller, **fields):
    """The document as the holder of a new viewer's key is given it."""
    key = engine.auth.keys.create(caller, name=uuid4().hex, roles=["viewer"], **fields).text
    return httpx.get(f"{base_url}/openapi.json", headers={"X-API-Key": key})


def params_of(operation):
    return {each["name"]: each for each in operation["parameters"]}


def data_schema(document, name):
    answer = document["components"]["schemas"][f"call.{name}"]
    return answer["properties"]["data"]["allOf"][1]["properties"]["data"]


def test_nobody_in_particular_is_told_of_no_published_api(stranger):
    paths = stranger.get("/openapi.json").json()["paths"]

    assert "/api-manager/apis" in paths
    assert [path for path in paths if path.startswith("/call/")] == ["/call/{api_name}"]


def test_wrong_credentials_are_refused_and_not_taken_for_none(stranger):
    response = stranger.get("/openapi.json", headers={"X-API-Key": "wrong"})

    assert response.status_code == 401


def test_a_published_api_has_its_own_typed_parameters(read, new_api):
    schema = {
        "origin": {"type": "text", "required": True, "max_length": 3, "description": "Airport"},
        "limit": {"type": "integer", "default": 10, "min": 1, "max": 100},
        "ids": {"type": "array", "items": {"type": "uuid"}},
        "where": {"type": "object"},
        "tenant": {"type": "text", "source": "context.tenant_id"},
        "format": {"type": "text"},
    }
    body = "SELECT :origin, :limit, :ids, :where, :tenant, :format"
    name = new_api(param_schema=schema, logic_body=body)["api_name"]

    path = read()["paths"][f"/call/{name}"]

    by_query = params_of(path["get"])
    assert by_query["origin"] == {
        "name": "origin",
        "in": "query",
        "required": True,
        "description": "Airport",
        "schema": {"type": "string", "maxLength": 3, "description": "Airport"},
    }
    assert by_query["limit"]["schema"]["minimum"] == 1
    assert by_query["ids"]["schema"]["items"] == {"type": "string", "format": "uuid"}
    assert "application/json" in by_query["where"]["content"]
    assert "tenant" not in by_query
    assert by_query["format"]["schema"]["enum"] == ["json", "csv", "parquet", "arrow"]
    sent = path["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert sent["properties"]["params"]["required"] == ["origin"]
    assert "format" in sent["properties"]["params"]["properties"]
    assert sent["properties"]["params"]["properties"]["limit"]["type"] == ["integer", "null"]
    assert sent["properties"]["params"]["properties"]["origin"]["type"] == "string"
    assert sent["required"] == ["params"]


def test_an_answer_has_the_columns_of_its_statement(read, new_api):
    body = "SELECT 1 AS n, 'a' AS s, 1.5::DECIMAL(4,2) AS d, [1] AS l, {'a': true} AS r"
    name = new_api(logic_body=body, param_schema={})["api_name"]

    row = data_schema(read(), name)["properties"]["rows"]["items"]

    types = {column: schema["type"] for column, schema in row["properties"].items()}
    assert types == {
        "n": ["integer", "null"],
        "s": ["string", "null"],
        "d": ["number", "string", "null"],
        "l": ["array", "null"],
        "r": ["object", "null"],
    }
    assert row["required"] == ["n", "s", "d", "l", "r"]
    assert row["properties"]["d"]["x-sql-type"] == "DECIMAL(4,2)"


def test_columns_that_took_too_long_to_find_come_with_a_later_document(engine, operator, new_api):
    name = new_api()["api_name"]
    now = iter([0.0, 60.0])
    documents = OpenApiDocuments(create_app(engine).openapi, clock=lambda: next(now, 60.0))

    first = orjson.loads(documents.for_caller(engine.published, operator, "").body)
    second = orjson.loads(documents.for_caller(engine.published, operator, "").body)

    assert data_schema(first, name) == {}
    assert "rows" in data_schema(second, name)["properties"]


def test_a_masked_column_is_promised_to_nobody(read, new_api):
    policy = {"mask": {"columns": {"s": "drop"}}}
    body = "SELECT 1 AS n, 's' AS s"
    name = new_api(logic_body=body, param_schema={}, runtime_policy=policy)["api_name"]

    row = data_schema(read(), name)["properties"]["rows"]["items"]

    assert row["required"] == ["n"]
    assert row["properties"]["s"] == {}


def test_what_is_published_changed_or_switched_off_shows_at_once(read, admin, new_api):
    name = new_api(description="first")["api_name"]
    first = read()["paths"][f"/call/{name}"]["get"]["description"]
    admin.patch(f"/api-manager/apis/{name}", json={"description": "second"})
    second = read()["paths"][f"/call/{name}"]["get"]["description"]
    admin.patch(f"/api-manager/apis/{name}/toggle", json={"is_active": False})

    assert (first, second) == ("first", "second")
    assert f"/call/{name}" not in read()["paths"]


def test_a_draft_is_not_listed(read, admin, a_definition):
    api = a_definition()
    admin.post("/api-manager/apis", json={**api, "publish": False})

    assert f"/call/{api['api_name']}" not in read()["paths"]


def test_a_key_is_told_of_the_apis_in_its_scope_alone(engine, operator, base_url, new_api):
    mine, tagged = new_api()["api_name"], new_api(tags=["open"])["api_name"]
    by_name = read_as(base_url, engine, operator, scope=Scope(api_patterns=(mine,)))
    by_tag = read_as(base_url, engine, operator, scope=Scope(groups=("execute",), tags=("open",)))
    neither = read_as(base_url, engine, operator, scope=Scope(groups=("logs",)))

    def published(response):
        paths = response.json()["paths"]
        return {path for path in paths if path.startswith("/call/")} - {"/call/{api_name}"}

    assert published(by_name) == {f"/call/{mine}"}
    assert published(by_tag) == {f"/call/{tagged}"}
    assert published(neither) == set()


def test_another_tenants_apis_are_not_listed(engine, operator, base_url, new_api):
    name = new_api()["api_name"]
    neighbour = operator.model_copy(update={"tenant_id": "neighbour"})

    text = read_as(base_url, engine, neighbour).text

    assert name not in text


def test_a_document_that_has_not_changed_is_not_sent_again(admin, new_api):
    first = admin.get("/openapi.json")
    same = admin.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    new_api()
    other = admin.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200


def test_every_reference_of_the_document_leads_somewhere(admin):
    text = admin.get("/openapi.json").text
    components = admin.get("/openapi.json").json()["components"]

    references = set(re.findall(r'"\$ref":"#/components/(\w+)/([^"]+)"', text))
    assert references
    assert all(name in components[kind] for kind, name in references)


def test_the_page_loads_nothing_from_elsewhere(stranger):
    page = stranger.get("/docs").text

    assert "http://" not in page
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"docs/assets/{asset}" in page
        assert stranger.get(f"/docs/assets/{asset}").status_code == 200


def test_mounted_under_a_path_the_document_and_the_page_say_so(engine):
    mounted = TestClient(Starlette(routes=[Mount("/api", create_app(engine))]))

    assert mounted.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
    assert mounted.get("/api/docs/assets/swagger-ui.css").status_code == 200

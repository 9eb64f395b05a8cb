import json

import pytest


@pytest.fixture
def pair(new_api):
    """An API and a workflow that calls it."""
    called = new_api(logic_body="SELECT count(*) AS n FROM planes LIMIT 1", param_schema={})
    nodes = [{"id": "rows", "api_id": called["api_name"]}]
    workflow = new_api(
        logic_type="workflow",
        logic_body=json.dumps({"nodes": nodes}),
        param_schema={},
        connection=None,
    )
    return called["api_name"], workflow["api_name"]


def error_of(response):
    return response.json()["data"]["error"]


def test_an_api_tells_what_uses_it_with_a_graph(admin, pair):
    called, workflow = pair

    data = admin.get(f"/api-manager/apis/{called}/where-used").json()["data"]

    assert data["uses"] == [
        {"kind": "workflow", "name": workflow, "parts": ["rows"], "via": [], "is_active": True}
    ]
    assert data["hidden"] == 0
    assert [node["name"] for node in data["graph"]["nodes"]] == [called, "planes", workflow]
    assert [edge["kind"] for edge in data["graph"]["edges"]] == ["reads", "calls"]
    near = admin.get(f"/api-manager/apis/{called}/where-used?hops=0").json()["data"]
    assert len(near["graph"]["nodes"]) == 1


def test_a_table_tells_which_apis_read_it(admin, pair):
    def read(**query):
        response = admin.get("/api-manager/where-used", params=query)
        return [use["name"] for use in response.json()["data"]]

    assert pair[0] in read(table="planes")
    assert pair[0] in read(table="main.planes", connection="sample")
    assert read(table="planes", connection="elsewhere") == []
    assert admin.get("/api-manager/where-used").status_code == 422


def test_what_is_used_is_neither_deleted_nor_switched_off(admin, pair):
    called, workflow = pair

    deleted = admin.delete(f"/api-manager/apis/{called}")
    switched = admin.patch(f"/api-manager/apis/{called}/toggle")

    for refused in (deleted, switched):
        assert refused.status_code == 409
        assert error_of(refused)["details"]["used_by"][0]["name"] == workflow
        assert workflow in error_of(refused)["message"]
    assert admin.get(f"/api-manager/apis/{called}").json()["data"]["is_active"]


def test_what_is_used_is_switched_off_when_that_is_said(admin, pair):
    body = {"is_active": False, "even_if_used": True}

    response = admin.patch(f"/api-manager/apis/{pair[0]}/toggle", json=body)

    assert response.json()["data"]["is_active"] is False


def test_an_unknown_api_has_no_users(admin):
    assert admin.get("/api-manager/apis/nowhere/where-used").status_code == 404

"""Tools over REST."""

import pytest

DESCRIPTION = "Adds one to a number; use it to count on."


@pytest.fixture
def new_tool(admin, new_api):
    def create(**fields):
        api = new_api(description=DESCRIPTION)
        response = admin.post("/tools", json={"api": api["api_name"], **fields})
        assert response.status_code == 201, response.text
        return response.json()["data"]["tool"]

    return create


def test_a_tool_is_exported_changed_called_and_removed(admin, new_tool):
    tool = new_tool(max_chars=600)
    url = f"/tools/{tool['name']}"

    changed = admin.patch(url, json={"offers_dry_run": True}).json()["data"]
    called = admin.post(f"{url}/call", json={"arguments": {"n": 1}}).json()["data"]
    planned = admin.post(f"{url}/call", json={"dry_run": True}).json()["data"]
    calls = admin.get(f"{url}/calls").json()["data"]

    assert (changed["tool"]["offers_dry_run"], changed["tool"]["max_chars"]) == (True, 600)
    assert called["data"]["rows"] == [{"answer": 2}]
    assert planned["execution_id"] is None
    assert [call["dry_run"] for call in calls["items"]] == [True, False]
    assert calls["items"][1]["execution_id"] == called["execution_id"]
    assert admin.delete(url).status_code == 200
    assert admin.get(url).status_code == 404


def test_drift_is_told_and_accepted(admin, new_tool):
    tool = new_tool()
    url = f"/tools/{tool['name']}"
    change = {"param_schema": {}, "logic_body": "SELECT 1 AS answer"}
    admin.patch(f"/api-manager/apis/{tool['api_name']}", json=change)

    drifted = admin.get(url).json()["data"]
    accepted = admin.delete(f"{url}/drift").json()["data"]

    assert drifted["drift"] == ["n is gone"]
    assert accepted["drift"] == []
    assert accepted["tool"]["api_version"] == 2


def test_a_tool_travels_as_a_document(admin, new_tool):
    tool = new_tool()
    document = admin.get(f"/tools/{tool['name']}/document").json()["data"]
    admin.delete(f"/tools/{tool['name']}")

    imported = admin.post("/tools/import", json=document)

    assert imported.status_code == 201
    assert imported.json()["data"]["tool"]["name"] == tool["name"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"api": "nowhere"}, 404),
        ({"api": "carriers-list", "name": "no spaces"}, 422),
        ({"api": "carriers-list", "colour": "red"}, 422),
    ],
)
def test_a_bad_tool_is_refused(admin, body, status):
    response = admin.post("/tools", json=body)

    assert response.status_code == status
    assert response.json()["data"]["error"]["message"]


def test_lists_are_filtered_and_paged(admin, new_tool):
    names = sorted(new_tool()["name"] for _ in range(3))

    page = admin.get("/tools", params={"q": names[0]}).json()["data"]

    assert [each["tool"]["name"] for each in page["items"]] == [names[0]]
    assert admin.get("/tools", params={"limit": 2}).json()["data"]["limit"] == 2

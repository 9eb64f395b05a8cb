"""The endpoints of screens."""

from uuid import uuid4

import pytest

BLOCK = {
    "id": "delays",
    "type": "table",
    "api_id": "delays-by-carrier",
    "params": {"origin": "{{inputs.origin}}"},
}
SPEC = {
    "title": "Delays",
    "inputs": [{"name": "origin", "type": "choice", "options": ["JFK", "EWR"]}],
    "blocks": [BLOCK],
}


@pytest.fixture
def screen(admin):
    name = f"s-{uuid4().hex[:8]}"
    response = admin.post("/screens", json={"screen_id": name, **SPEC})
    assert response.status_code == 201, response.text
    yield name
    admin.delete(f"/screens/{name}")


def test_a_screen_is_read_changed_and_deleted(admin, screen):
    url = f"/screens/{screen}"
    read = admin.get(url)
    if_match = {"If-Match": read.headers["ETag"]}

    drafted = admin.put(url, json={**SPEC, "title": "New", "publish": False}, headers=if_match)
    stale = admin.put(url, json=SPEC, headers=if_match)
    dropped = admin.delete(f"{url}/draft").json()["data"]
    published = admin.put(url, json={**SPEC, "title": "Newer"}).json()["data"]

    assert read.json()["data"]["title"] == "Delays"
    assert drafted.json()["data"]["draft"]["title"] == "New"
    assert drafted.json()["data"]["title"] == "Delays"
    assert (stale.status_code, dropped["draft"]) == (409, None)
    assert (published["title"], published["version"]) == ("Newer", 4)
    assert screen in [each["screen_id"] for each in admin.get("/screens").json()["data"]["items"]]
    assert admin.delete(url).status_code == 200
    assert admin.get(url).status_code == 404


def test_a_screen_is_loaded_with_values_of_its_inputs(admin, screen):
    loaded = admin.post(f"/screens/{screen}/data", json={"values": {"origin": "JFK"}})
    refused = admin.post(f"/screens/{screen}/data", json={"values": {"origin": "SFO"}})

    (block,) = loaded.json()["data"]
    assert (block["block_id"], block["error"]) == ("delays", None)
    assert block["rows"][0]["carrier"]
    assert (refused.status_code, refused.json()["data"]["error"]["type"]) == (422, "params_invalid")


def test_a_screen_that_is_not_saved_is_previewed(admin):
    wrong = {**SPEC, "blocks": [{**BLOCK, "api_id": "nowhere"}]}

    shown = admin.post("/screens/preview", json=SPEC)
    refused = admin.post("/screens/preview", json=wrong)

    assert len(shown.json()["data"]) == 1
    assert refused.json()["data"]["error"]["details"]["issues"][0]["path"] == "blocks[0].api_id"

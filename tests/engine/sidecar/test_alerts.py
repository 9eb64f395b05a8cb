from uuid import uuid4

import pytest

SPEC = {"field": "p95_ms", "op": ">", "value": 500, "clear_value": 400, "window": "5m"}


@pytest.fixture
def alert(admin):
    name = f"slow-{uuid4().hex[:8]}"
    made = admin.post("/alerts", json={"alert_name": name, "spec": SPEC})
    assert made.status_code == 201, made.text
    yield made.json()["data"]
    admin.delete(f"/alerts/{name}")


def test_an_alert_is_made_read_changed_and_deleted(admin, alert):
    name = alert["alert_name"]

    changed = admin.patch(f"/alerts/{name}", json={"is_active": False}).json()["data"]

    assert (alert["phase"], alert["delivery"]) == ("quiet", {"type": "log"})
    assert changed["is_active"] is False
    assert changed["spec"] == SPEC
    assert name in [each["alert_name"] for each in admin.get("/alerts").json()["data"]]
    assert admin.delete(f"/alerts/{name}").status_code == 200
    assert admin.get(f"/alerts/{name}").status_code == 404


def test_a_try_is_told_and_listed(admin, alert):
    url = f"/alerts/{alert['id']}"

    tried = admin.post(f"{url}/try")

    assert tried.status_code == 202
    assert tried.json()["data"]["change"] == "tried"
    listed = admin.get(f"{url}/events").json()["data"]
    assert [each["status"] for each in listed] == ["logged"]
    assert admin.get("/alerts/events", params={"limit": 1}).json()["data"] == listed


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"alert_name": "x", "spec": []},
        {"alert_name": "x", "spec": {**SPEC, "op": "~"}},
        {"alert_name": "x", "spec": SPEC, "color": "red"},
        {"alert_name": 7, "spec": SPEC},
    ],
)
def test_a_mistake_is_named_and_nothing_is_saved(admin, body):
    before = admin.get("/alerts").json()["data"]

    answer = admin.post("/alerts", json=body)

    assert answer.status_code == 422
    assert answer.json()["data"]["error"]["details"]["issues"]
    assert admin.get("/alerts").json()["data"] == before

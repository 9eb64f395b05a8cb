"""The endpoints of rules and events: what they answer and what they refuse."""

from typing import Any
from uuid import uuid4

import pytest

ACTION = {"api_id": "delays-by-carrier", "params": {"origin": "{{event.origin}}"}}


@pytest.fixture
def rule(admin):
    """A rule that is switched off, so that nothing of these tests sets it off."""
    body = {
        "rule_name": f"r-{uuid4().hex[:8]}",
        "trigger_type": "event",
        "trigger_spec": {"event_type": "flight.landed", "field": "delay", "op": ">", "value": 60},
        "action_spec": ACTION,
        "is_active": False,
    }
    response = admin.post("/cep/rules", json=body)
    assert response.status_code == 201, response.text
    yield response.json()["data"]
    admin.delete(f"/cep/rules/{body['rule_name']}")


def data_of(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()["data"]


def test_a_rule_is_made_read_changed_and_deleted(admin, rule):
    url = f"/cep/rules/{rule['rule_name']}"

    read = admin.get(url)
    changed = admin.patch(
        url, json={"description": "x"}, headers={"If-Match": read.headers["ETag"]}
    )
    stale = admin.patch(url, json={"description": "y"}, headers={"If-Match": read.headers["ETag"]})
    listed = data_of(admin.get("/cep/rules", params={"q": rule["rule_name"]}))

    assert data_of(read)["trigger_spec"]["value"] == 60
    assert (data_of(changed)["version"], stale.status_code) == (2, 409)
    assert [each["description"] for each in listed["items"]] == ["x"]
    assert data_of(admin.delete(url)) is None
    assert admin.get(url).status_code == 404


def test_replacing_takes_defaults_for_what_is_not_sent(admin, rule):
    body = {name: rule[name] for name in ("rule_name", "trigger_type", "action_spec")}
    url = f"/cep/rules/{rule['rule_name']}"
    admin.patch(url, json={"description": "x"})

    replaced = data_of(admin.put(url, json={**body, "trigger_spec": {}, "is_active": False}))

    assert (replaced["description"], replaced["trigger_spec"]) == ("", {})
    assert admin.put(url, json=body).status_code == 422


def test_a_rule_is_switched_over(admin, rule):
    url = f"/cep/rules/{rule['rule_name']}/toggle"

    states = [data_of(admin.patch(url))["is_active"] for _ in range(2)]
    said = data_of(admin.patch(url, json={"is_active": False}))["is_active"]

    assert [*states, said] == [True, False, False]


def test_every_mistake_of_a_rule_is_told_at_once(admin):
    body = {"rule_name": "Wrong", "trigger_type": "event", "trigger_spec": {"where": "x >"}}

    response = admin.post("/cep/rules", json={**body, "action_spec": {"api_id": 3}, "colour": 1})

    error = response.json()["data"]["error"]
    assert (response.status_code, error["type"]) == (422, "definition_invalid")
    assert {issue["path"] for issue in error["details"]["issues"]} == {
        "rule_name",
        "colour",
        "trigger_spec.where",
        "action_spec.api_id",
    }


def test_events_are_recorded_once_and_listed(admin):
    kind = f"t.{uuid4().hex[:8]}"
    event = {"event_id": uuid4().hex, "event_type": kind, "data": {"origin": "JFK"}}

    first = admin.post("/cep/events", json=[event, {"event_type": kind, "data": {}}])
    again = admin.post("/cep/events", json=event)
    listed = data_of(admin.get("/cep/events", params={"event_type": kind}))

    assert data_of(first, 202) == {"accepted": 2, "duplicates": 0}
    assert data_of(again, 202) == {"accepted": 0, "duplicates": 1}
    assert listed["total"] == 2
    assert listed["items"][1]["event_id"] == event["event_id"]


def test_a_single_event_belongs_to_the_trace_of_its_request(admin):
    kind, trace_id = f"t.{uuid4().hex[:8]}", uuid4().hex
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}

    admin.post("/cep/events", json={"event_type": kind, "data": {}}, headers=headers)
    listed = data_of(admin.get("/cep/events", params={"event_type": kind}))

    assert listed["items"][0]["trace_id"] == trace_id


def test_malformed_events_are_refused_and_nothing_is_recorded(admin):
    kind = f"t.{uuid4().hex[:8]}"
    events = [{"event_type": kind, "data": {}}, {"event_type": kind}]

    response = admin.post("/cep/events", json=events)

    assert response.status_code == 400
    assert response.json()["message"].startswith("event 1: 'data' is an object")
    assert data_of(admin.get("/cep/events", params={"event_type": kind}))["total"] == 0


def test_a_backtest_answers_what_would_have_fired(admin, rule):
    admin.post("/cep/events", json={"event_type": "flight.landed", "data": {"delay": 99}})

    saved = data_of(admin.post(f"/cep/rules/{rule['rule_name']}/backtest"))
    unsaved = data_of(
        admin.post(
            "/cep/rules/backtest",
            json={"trigger_type": "event", "trigger_spec": {}, "action_spec": ACTION},
        )
    )

    assert saved["fired"] >= 1
    assert saved["occurrences"][0]["data"] == {"delay": 99}
    assert unsaved["matched"] >= saved["matched"]


def test_the_log_of_a_rule_is_paged(admin, rule):
    log = data_of(admin.get(f"/cep/rules/{rule['rule_name']}/log"))

    assert log == {"items": [], "total": 0, "limit": 50, "offset": 0}
    assert admin.get(f"/cep/firings/{uuid4()}").status_code == 404


def test_a_key_for_events_posts_them_and_does_nothing_else(engine, client_as, admin):
    body = {"name": "sensor", "roles": ["viewer"], "scope": {"groups": ["events"]}}
    key = data_of(admin.post("/auth/api-keys", json=body), 201)["key"]
    headers = {"X-API-Key": key}

    posted = admin.post("/cep/events", json={"event_type": "s", "data": {}}, headers=headers)
    rules = admin.get("/cep/rules", headers=headers)
    events = admin.get("/cep/events", headers=headers)

    assert (posted.status_code, rules.status_code, events.status_code) == (202, 403, 403)

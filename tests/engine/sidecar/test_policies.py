import pytest


@pytest.fixture
def cached(admin, new_api):
    """An API whose policy caches, called once."""
    api = new_api(runtime_policy={"cache": {"enabled": True}})["api_name"]
    execute(admin, api)
    return api


def execute(client, api):
    return client.post(f"/api-manager/apis/{api}/execute", json={"params": {}})


def invalidate(client, **body):
    return client.post("/api-manager/cache/invalidate", json=body)


def steer(client, api, **body):
    return client.post(f"/api-manager/apis/{api}/breaker", json=body)


def test_the_cache_tells_its_counters(admin, cached):
    before = admin.get("/api-manager/cache/stats").json()["data"]
    execute(admin, cached)

    after = admin.get("/api-manager/cache/stats").json()["data"]

    assert after["backend"] == "memory"
    assert after["hits"] == before["hits"] + 1
    assert {"hit_rate", "memory_items", "misses"} <= set(after)


def test_a_preview_counts_and_drops_nothing(admin, cached):
    preview = invalidate(admin, api=cached, preview=True).json()["data"]

    assert preview == {"answers": 1, "more": False, "dropped": False}
    assert execute(admin, cached).json()["data"]["cached"] is True


def test_dropped_answers_are_loaded_anew(admin, cached):
    dropped = invalidate(admin, api=cached).json()["data"]

    assert dropped == {"answers": 1, "more": False, "dropped": True}
    assert execute(admin, cached).json()["data"]["cached"] is False


@pytest.mark.parametrize("body", [{}, {"tag": "a", "all": True}, {"all": False}])
def test_a_selection_that_is_none_or_two_is_refused(admin, body):
    response = invalidate(admin, **body)

    assert response.status_code == 400
    assert "exactly one" in response.json()["message"]


def test_a_breaker_is_forced_listed_and_given_back(admin, new_api):
    api = new_api()["api_name"]

    forced = steer(admin, api, mode="forced_open", reason="drill").json()["data"]
    [listed] = [b for b in admin.get("/api-manager/breakers").json()["data"] if b["name"] == api]
    refused = execute(admin, api)
    steer(admin, api, mode="auto")

    assert forced == listed
    assert forced["snapshot"]["state"] == "open"
    assert refused.status_code == 503
    assert execute(admin, api).status_code == 200
    events = admin.get("/api-manager/breakers/events", params={"api": api}).json()["data"]
    assert [event["to_state"] for event in events] == ["closed", "forced_open"]
    assert events[1]["reason"] == "drill"


def test_the_short_path_steers_the_same_breaker(admin, new_api):
    api = new_api()["api_name"]

    response = admin.post(f"/api-manager/{api}/breaker", json={"mode": "auto"})

    assert response.json()["data"]["name"] == api


def test_forcing_without_a_reason_is_refused(admin, new_api):
    response = steer(admin, new_api()["api_name"], mode="disabled")

    assert response.status_code == 400
    assert "reason" in response.json()["message"]


def test_limits_tell_what_is_used(admin, new_api):
    api = new_api(runtime_policy={"rate_limit": {"per_api": "9/minute"}})["api_name"]
    execute(admin, api)

    limits = admin.get("/api-manager/limits").json()["data"]

    [mine] = [each for each in limits if each["api_name"] == api]
    assert (mine["level"], mine["used"], mine["limit"], mine["remaining"]) == ("per_api", 1, 9, 8)


def test_the_lab_returns_each_call_with_its_trace(admin, new_api):
    policy = {"max_retries": 0, "circuit_breaker": {"failure_threshold": 2}}
    api = new_api(runtime_policy=policy)["api_name"]

    response = admin.post("/api-manager/policy-lab", json={"api": api, "calls": 3})

    calls = response.json()["data"]
    assert [call["error"]["type"] for call in calls] == [
        "target_unavailable",
        "target_unavailable",
        "breaker_open",
    ]
    assert [stage["stage"] for stage in calls[0]["trace"]][-1] == "attempt"
    assert execute(admin, api).status_code == 200


def test_the_lab_takes_a_definition_that_is_not_saved(admin, a_definition):
    body = {"definition": a_definition(), "fault": {"kind": "none"}, "calls": 1}

    [call] = admin.post("/api-manager/policy-lab", json=body).json()["data"]

    assert call["data"]["rows"] == [{"answer": 42}]


@pytest.mark.parametrize("more", [{}, {"api": "x", "definition": {}}])
def test_the_lab_wants_an_api_or_a_definition(admin, more):
    assert admin.post("/api-manager/policy-lab", json=more).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [({"calls": 51}, 400), ({"fault": {"kind": "meteor"}}, 422), ({"fault": {"x": 1}}, 422)],
)
def test_a_plan_that_cannot_be_is_refused(admin, new_api, body, status):
    api = new_api()["api_name"]

    response = admin.post("/api-manager/policy-lab", json={"api": api, **body})

    assert response.status_code == status

import pytest


def run(client, name, **body):
    return client.post(f"/api-manager/apis/{name}/execute", json=body)


@pytest.fixture
def called(admin, new_api):
    """An API that was called twice and refused once."""
    api = new_api()
    for body in ({}, {"params": {"n": 1}}, {"params": {"wrong": 1}}):
        run(admin, api["api_name"], **body)
    return api


def test_metrics_of_an_api_count_its_calls_at_once(admin, called):
    response = admin.get("/api-manager/metrics", params={"api_id": called["api_name"]})

    data = response.json()["data"]
    assert response.status_code == 200
    assert (data["total"]["calls"], data["total"]["success"], data["total"]["rejected"]) == (
        3,
        2,
        1,
    )
    assert data["total"]["success_rate"] == 1.0
    assert data["total"]["p95_ms"] >= data["total"]["p50_ms"] > 0
    assert data["step_s"] == 60
    assert len(data["series"]) == 60
    assert sum(point["calls"] for point in data["series"]) == 3
    assert data["groups"] == []
    [error] = data["errors"]
    assert (error["cause"], error["calls"]) == ("params_invalid", 1)
    example = admin.get(f"/api-manager/executions/{error['example_id']}")
    assert example.json()["data"]["error_type"] == "params_invalid"


def test_metrics_are_grouped_and_sliced_as_asked(admin, called):
    query = {"api_id": called["id"], "window": "2h", "step": "1h", "group_by": "status"}

    data = admin.get("/api-manager/metrics", params=query).json()["data"]

    assert (data["step_s"], len(data["series"])) == (3600, 2)
    assert {each["value"]: each["calls"] for each in data["groups"]} == {
        "success": 2,
        "rejected": 1,
    }
    assert data["groups"][0]["series"][-1]["calls"] == 2


def test_a_version_published_in_the_window_is_compared_with_the_one_before(admin, called):
    admin.patch(
        f"/api-manager/apis/{called['id']}",
        json={"logic_body": "SELECT :n + 2 AS answer", "change_note": "add two"},
    )
    run(admin, called["api_name"])

    data = admin.get("/api-manager/metrics", params={"api_id": called["id"]}).json()["data"]

    first, second = data["releases"]
    assert (first["version"], first["before"], first["after"]["calls"]) == (1, None, 3)
    assert (second["version"], second["change_note"]) == (2, "add two")
    assert (second["before"]["calls"], second["after"]["calls"]) == (3, 1)


def test_too_much_that_waits_refuses_calls_before_they_run(engine, admin, called, monkeypatch):
    monkeypatch.setattr(engine.pipeline.monitor._journal, "_max_backlog_bytes", 0)
    before = journal_metric(admin, "api_journal_refused_count")

    refused = run(admin, called["api_name"])

    monkeypatch.undo()
    assert refused.status_code == 503
    assert refused.json()["data"]["error"]["type"] == "store_unavailable"
    assert "Retry-After" in refused.headers
    assert journal_metric(admin, "api_journal_refused_count") == before + 1
    assert run(admin, called["api_name"]).status_code == 200


def journal_metric(client, name):
    lines = client.get("/metrics").text.splitlines()
    return int(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_metrics_by_api_name_them(admin, called):
    data = admin.get("/api-manager/metrics", params={"group_by": "api"}).json()["data"]

    counted = {each["label"]: each["calls"] for each in data["groups"]}
    assert counted[called["api_name"]] == 3


@pytest.mark.parametrize(
    "query",
    [{"window": "soon"}, {"step": "10s"}, {"window": "30d", "step": "1m"}, {"group_by": "x"}],
)
def test_what_cannot_be_answered_is_refused(admin, query):
    response = admin.get("/api-manager/metrics", params=query)

    assert response.status_code in (400, 422)
    assert response.json()["data"]["error"]["message"]


def test_metrics_of_an_unknown_api_are_not_found(admin):
    assert admin.get("/api-manager/metrics", params={"api_id": "nowhere"}).status_code == 404


def test_prometheus_scrapes_text(client_as, called):
    response = client_as("viewer").get("/metrics")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert f'api_execution_count{{api="{called["api_name"]}",status="success"}} 2' in response.text


def test_breaker_trips_retries_and_cache_hits_of_real_calls_are_counted(admin, new_api):
    down = new_api(
        logic_type="http",
        logic_body={"method": "GET", "url": "http://127.0.0.1:1/"},
        connection=None,
        param_schema={},
        runtime_policy={
            "http": {"allow_hosts": ["127.0.0.1"]},
            "max_retries": 1,
            "retry_backoff_ms": 1,
            "circuit_breaker": {"failure_threshold": 3},
        },
    )
    cached = new_api(runtime_policy={"cache": {"enabled": True}})
    for api in (down, cached):
        for _ in range(4):
            run(admin, api["api_name"])

    def total(api):
        response = admin.get("/api-manager/metrics", params={"api_id": api["id"]})
        return response.json()["data"]["total"]

    broken, quick = total(down), total(cached)
    assert (broken["calls"], broken["fail"], broken["rejected"]) == (4, 2, 2)
    assert (broken["breaker_trips"], broken["retries"], broken["success_rate"]) == (1, 1, 0.0)
    assert (quick["cached"], quick["cache_lookups"], quick["cache_hit_rate"]) == (3, 4, 0.75)
    assert broken["cache_hit_rate"] is None


def test_rejections_by_a_rate_limit_are_counted(admin, new_api):
    api = new_api(runtime_policy={"rate_limit": {"per_api": "2/hour"}})
    for _ in range(5):
        run(admin, api["api_name"])

    response = admin.get("/api-manager/metrics", params={"api_id": api["id"], "group_by": "cause"})

    data = response.json()["data"]
    assert (data["total"]["rate_limited"], data["total"]["rejected"]) == (3, 3)
    assert {each["value"]: each["calls"] for each in data["groups"]} == {"rate_limited": 3}

import csv
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest


@pytest.fixture
def called(admin, new_api):
    """An API that was called well twice and once wrongly."""
    api = new_api()["api_name"]
    for n in (1, 2, "many"):
        admin.post(f"/api-manager/apis/{api}/execute", json={"params": {"n": n}})
    return api


def logs(client, api, **query):
    return client.get(f"/api-manager/apis/{api}/logs", params=query).json()["data"]


def test_the_log_lists_executions_newest_first(admin, called):
    page = logs(admin, called)

    assert page["total"] == 3
    assert [each["status"] for each in page["items"]] == ["rejected", "success", "success"]
    assert page["items"][1]["request_params"] == {"n": 2}
    assert page["items"][1]["executed_by"].startswith("key:")
    assert page["items"][1]["source"] == "rest"


def test_one_execution_is_read_with_its_answer(admin, called):
    listed = logs(admin, called, status="success")["items"][0]

    read = admin.get(f"/api-manager/executions/{listed['id']}").json()["data"]

    assert read["response_data"]["rows"] == [{"answer": 3}]
    assert read == {**listed, "response_data": read["response_data"]}


def test_the_log_is_filtered_and_paged(admin, called):
    later = datetime.now(UTC) + timedelta(minutes=1)

    assert logs(admin, called, status="success")["total"] == 2
    assert len(logs(admin, called, limit=1)["items"]) == 1
    assert logs(admin, called, offset=2)["items"][0]["request_params"] == {"n": 1}
    assert logs(admin, called, since=later.isoformat())["total"] == 0
    assert logs(admin, called, since="2026-01-01T00:00:00")["total"] == 3


def test_the_short_path_does_the_same(admin, called):
    short = admin.get(f"/api-manager/{called}/logs").json()["data"]

    assert short == logs(admin, called)


def test_a_record_never_holds_a_stack_trace(admin, called):
    for each in logs(admin, called)["items"]:
        assert not [name for name in each if "stack" in name]


def test_an_execution_nobody_knows_is_not_found(admin):
    assert admin.get(f"/api-manager/executions/{uuid4()}").status_code == 404
    assert admin.get("/api-manager/executions/nonsense").status_code == 422


def test_an_answer_that_was_cut_is_kept_as_text(admin, engine, new_api):
    rows = "SELECT repeat('x', 1000) AS text FROM range(2000)"
    api = new_api(logic_body=rows, param_schema={}, runtime_policy={"max_rows": 2000})["api_name"]
    admin.post(f"/api-manager/apis/{api}/execute")

    execution = logs(admin, api)["items"][0]["id"]
    record = admin.get(f"/api-manager/executions/{execution}").json()["data"]

    assert record["response_truncated"] is True
    assert isinstance(record["response_data"], str)
    assert len(record["response_data"]) <= engine.settings.max_logged_bytes


def test_the_log_of_all_apis_is_filtered_by_everything(admin, called, new_api):
    other = new_api()["api_name"]
    admin.post(f"/api-manager/apis/{other}/execute", json={"params": {"n": 2}})

    def found(**query):
        answer = admin.get("/api-manager/executions", params=query)
        assert answer.status_code == 200, answer.text
        return [each["api_name"] for each in answer.json()["data"]["items"]]

    assert found(limit=2) == [other, called]
    assert found(api=called, param="n=2") == [called]
    assert found(api=called, status="rejected", error_type="params_invalid") == [called]
    assert found(api=called, version=2) == []
    assert found(api=called, source="rest", min_duration_ms=0, max_duration_ms=0) == []
    assert len(found(api=called, error_contains="must be an integer", cached="false")) <= 1
    [record] = admin.get("/api-manager/executions", params={"api": other}).json()["data"]["items"]
    assert found(trace_id=record["trace_id"], executed_by=record["executed_by"]) == [other]


def test_pages_follow_each_other_by_position(admin, called):
    first = logs(admin, called, limit=2)
    second = logs(admin, called, limit=2, after=first["next"])

    assert (first["total"], first["more"]) == (3, False)
    assert [each["request_params"]["n"] for each in second["items"]] == [1]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"param": "origin"},
        {"param": "=JFK"},
        {"after": "yesterday"},
        {"after": f"20269999T000000.000000Z{'0' * 32}"},
        {"min_duration_ms": 5, "max_duration_ms": 1},
        {"stauts": "fail"},
    ],
)
def test_a_filter_that_says_nothing_is_refused(admin, query):
    answer = admin.get("/api-manager/executions", params=query)

    assert answer.status_code == 422
    assert answer.json()["data"]["error"]["message"]


def test_the_log_is_streamed_as_a_file(admin, called, monkeypatch):
    monkeypatch.setattr("engine.executor_monitoring.EXPORTED_AT_ONCE", 2)
    url = "/api-manager/executions/export"

    as_csv = admin.get(url, params={"api": called})
    as_json = admin.get(url, params={"api": called, "format": "jsonl", "status": "success"})

    rows = list(csv.DictReader(as_csv.text.splitlines()))
    assert [row["status"] for row in rows] == ["rejected", "success", "success"]
    assert [row["request_params"] for row in rows] == ['{"n":"many"}', '{"n":2}', '{"n":1}']
    assert "executions.csv" in as_csv.headers["content-disposition"]
    assert as_csv.headers["content-type"].startswith("text/csv")
    lines = [json.loads(line) for line in as_json.text.splitlines()]
    assert [line["request_params"] for line in lines] == [{"n": 2}, {"n": 1}]
    assert "error_stacktrace" not in lines[0]


def test_a_file_of_nothing_has_its_header(admin):
    answer = admin.get("/api-manager/executions/export", params={"executed_by": "nobody"})

    assert answer.text.startswith("id,created_at,api_name")
    assert len(answer.text.splitlines()) == 1

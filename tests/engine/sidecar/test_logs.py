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

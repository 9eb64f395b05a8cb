import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ALWAYS = {
    "status",
    "data",
    "duration_ms",
    "circuit_breaker_state",
    "cached",
    "execution_id",
    "attempts",
    "version",
    "trace_id",
}


def call(client, api, how="execute", **params):
    return client.post(f"/api-manager/apis/{api}/{how}", json={"params": params})


def test_a_call_answers_its_rows_in_the_envelope(admin, new_api):
    api = new_api()

    response = call(admin, api["api_name"], n="1")

    body = response.json()
    assert response.status_code == 200
    assert (body["code"], body["message"]) == (0, "OK")
    assert body["time"].endswith("Z")
    assert set(body["data"]) >= ALWAYS
    assert body["data"]["status"] == "success"
    assert body["data"]["data"]["rows"] == [{"answer": 2}]
    assert body["data"]["data"]["row_count"] == 1
    assert body["data"]["data"]["truncated"] is False
    assert "trace" not in body["data"]
    assert response.headers["x-execution-id"] == body["data"]["execution_id"]


def test_an_api_is_called_by_id_and_without_a_body(admin, new_api):
    api = new_api()

    response = admin.post(f"/api-manager/apis/{api['id']}/execute")

    assert response.json()["data"]["data"]["rows"] == [{"answer": 42}]


@pytest.mark.parametrize("how", ["execute", "test", "dry-run"])
def test_the_short_paths_do_the_same(admin, new_api, how):
    api = new_api()["api_name"]

    short = admin.post(f"/api-manager/{api}/{how}", json={"params": {"n": 1}})

    assert short.status_code == 200
    assert set(short.json()["data"]) == set(call(admin, api, how, n=1).json()["data"])


def test_the_policy_trace_comes_when_it_is_asked_for(admin, new_api):
    api = new_api()["api_name"]

    response = admin.post(f"/api-manager/apis/{api}/execute?trace=1")

    stages = [stage["stage"] for stage in response.json()["data"]["trace"]]
    assert stages[:2] == ["resolve", "auth"]


def test_a_cached_answer_says_so_and_how_old_it_is(admin, new_api):
    api = new_api(runtime_policy={"cache": {"enabled": True}})["api_name"]
    call(admin, api)

    data = call(admin, api).json()["data"]

    assert (data["cached"], data["stale"]) == (True, False)
    assert 0 <= data["age_s"] < 60
    assert data["data"]["rows"] == [{"answer": 42}]


def test_wrong_params_are_all_named_and_logged_as_rejected(admin, new_api):
    api = new_api()["api_name"]

    response = call(admin, api, n="many", wrong=1)

    body = response.json()
    assert (response.status_code, body["code"]) == (422, 422)
    assert body["data"]["error"]["type"] == "params_invalid"
    assert {each["param"] for each in body["data"]["error"]["details"]["params"]} == {"n", "wrong"}
    assert body["data"]["status"] == "rejected"
    logged = admin.get(f"/api-manager/executions/{body['data']['execution_id']}").json()["data"]
    assert (logged["status"], logged["response_status"]) == ("rejected", 422)


def test_a_failed_query_keeps_the_fields_of_its_execution(admin, new_api):
    api = new_api(logic_body="SELECT 1 // (:n - 1) + CAST('x' || :n AS INTEGER) AS answer")

    response = call(admin, api["api_name"], n=3)

    body = response.json()
    assert (response.status_code, body["code"]) == (502, 502)
    assert set(body["data"]) >= (ALWAYS - {"data"}) | {"error"}
    assert set(body["data"]["error"]) == {"type", "message", "details", "hint"}
    assert body["data"]["error"]["type"] == "query_failed"
    assert "Traceback" not in response.text


def test_an_unknown_api_is_not_found(admin):
    response = call(admin, "nowhere")

    assert response.status_code == 404
    assert response.json()["data"]["error"]["type"] == "not_found"


def test_an_api_that_is_switched_off_is_in_conflict(admin, new_api):
    api = new_api()["api_name"]
    admin.patch(f"/api-manager/apis/{api}/toggle", json={"is_active": False})

    response = call(admin, api)

    assert response.status_code == 409
    assert response.json()["data"]["error"]["type"] == "api_inactive"


def test_a_rate_limit_tells_when_to_come_back(admin, new_api):
    api = new_api(runtime_policy={"rate_limit": {"per_api": "1/hour"}})["api_name"]
    call(admin, api)

    response = call(admin, api)

    assert response.status_code == 429
    assert response.json()["data"]["error"]["type"] == "rate_limited"
    assert 1 <= int(response.headers["Retry-After"]) <= 3600
    assert any(name.lower().startswith("ratelimit") for name in response.headers)


# Formats


@pytest.fixture
def table(new_api):
    return new_api(logic_body='SELECT 7 AS "n", \'a,b\' AS "s"', param_schema={})["api_name"]


def test_rows_as_csv(admin, table):
    response = admin.post(f"/api-manager/apis/{table}/execute?format=csv")

    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["x-truncated"] == "false"
    assert response.text.splitlines() == ["n,s", '7,"a,b"']


def test_rows_as_parquet(admin, table):
    media = "application/vnd.apache.parquet"
    response = admin.post(f"/api-manager/apis/{table}/execute", headers={"Accept": media})

    assert response.headers["content-type"] == media
    assert pq.read_table(io.BytesIO(response.content)).to_pylist() == [{"n": 7, "s": "a,b"}]


def test_rows_as_arrow(admin, table):
    response = admin.post(f"/api-manager/apis/{table}/execute?format=arrow")

    with pa.ipc.open_stream(response.content) as reader:
        assert reader.read_all().to_pylist() == [{"n": 7, "s": "a,b"}]


def test_a_failure_is_json_whatever_format_was_asked_for(admin):
    response = admin.post("/api-manager/apis/nowhere/execute?format=csv")

    assert response.status_code == 404
    assert response.json()["code"] == 404


def test_what_is_no_table_has_no_rows_to_give(admin, new_api):
    source = "def main(params, input_payload):\n    return 7\n"
    api = new_api(logic_type="script", logic_body=source, connection=None, param_schema={})

    as_json = call(admin, api["api_name"])
    as_csv = admin.post(f"/api-manager/apis/{api['api_name']}/execute?format=csv")

    assert as_json.json()["data"]["data"] == 7
    assert as_csv.status_code == 400
    assert "no table" in as_csv.json()["message"]


def test_an_unknown_format_is_refused(admin, table):
    response = admin.post(f"/api-manager/apis/{table}/execute?format=xlsx")

    assert response.status_code == 422
    assert response.json()["data"]["error"]["details"]["params"][0]["param"] == "format"


# Tests and dry runs


def test_a_test_runs_the_draft_and_a_call_the_live_version(admin, new_api):
    api = new_api()["api_name"]
    draft = {"logic_body": "SELECT 'draft' AS answer", "publish": False, "param_schema": {}}
    admin.patch(f"/api-manager/apis/{api}", json=draft)

    tested = call(admin, api, "test").json()["data"]
    called = call(admin, api).json()["data"]

    assert tested["data"]["rows"] == [{"answer": "draft"}]
    assert tested["trace"]
    assert called["data"]["rows"] == [{"answer": 42}]


def test_a_test_is_logged_as_one(admin, new_api):
    api = new_api()["api_name"]

    execution = call(admin, api, "test").json()["data"]["execution_id"]

    assert admin.get(f"/api-manager/executions/{execution}").json()["data"]["source"] == "test"


def test_a_definition_is_tested_before_it_is_saved(admin, a_definition):
    unsaved = a_definition()
    del unsaved["api_name"]

    response = admin.post("/api-manager/test", json={"definition": unsaved, "params": {"n": 1}})

    assert response.json()["data"]["data"]["rows"] == [{"answer": 2}]


def test_a_wrong_definition_is_not_tested(admin, a_definition):
    wrong = a_definition(logic_body="SELEC 1", logic_typ="sql")

    response = admin.post("/api-manager/test", json={"definition": wrong})

    assert response.status_code == 422
    assert response.json()["data"]["error"]["type"] == "definition_invalid"
    assert response.json()["data"]["error"]["details"]["issues"]


def test_a_dry_run_shows_the_plan_and_leaves_no_execution(admin, new_api):
    api = new_api()["api_name"]

    response = call(admin, api, "dry-run", n=1)

    assert response.status_code == 200
    assert response.json()["data"]["params"] == {"n": 1}
    assert admin.get(f"/api-manager/apis/{api}/logs").json()["data"]["total"] == 0


def test_a_dry_run_refuses_what_a_call_would(admin, new_api):
    response = call(admin, new_api()["api_name"], "dry-run", n="many")

    assert response.status_code == 422
    assert response.json()["data"]["error"]["type"] == "params_invalid"


def test_a_definition_is_dry_run_before_it_is_saved(admin, a_definition):
    response = admin.post("/api-manager/dry-run", json={"definition": a_definition()})

    assert response.json()["data"]["logic_type"] == "sql"


# Identity


@pytest.fixture
def upstream():
    """A server that answers with the headers it was sent."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(dict(self.headers)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("door", ["execute", "call", "test", "workflow"])
def test_the_callers_trace_and_request_id_go_on_to_the_server_called(
    admin, new_api, upstream, door
):
    api = new_api(
        logic_type="http",
        logic_body={"method": "GET", "url": upstream},
        connection=None,
        param_schema={},
        runtime_policy={"http": {"allow_hosts": ["127.0.0.1"]}},
    )["api_name"]
    around = door == "workflow" and new_api(
        logic_type="workflow",
        logic_body={"nodes": [{"id": "n", "api_id": api}], "output": "{{steps.n.data}}"},
        connection=None,
        param_schema={},
    )
    path = {
        "call": f"/call/{api}",
        "workflow": around and f"/call/{around['api_name']}",
    }.get(door, f"/api-manager/apis/{api}/{door}")
    trace_id = uuid4().hex
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01", "x-request-id": "mine-1"}

    answer = admin.post(path, headers=headers).json()["data"]

    sent = {name.lower(): value for name, value in answer["data"].items()}
    assert sent["x-request-id"] == "mine-1"
    assert sent["traceparent"].split("-")[1] == trace_id


def test_the_callers_trace_goes_on_into_the_log(admin, new_api):
    trace_id, span_id = uuid4().hex, "00f067aa0ba902b7"
    headers = {"traceparent": f"00-{trace_id}-{span_id}-01", "x-request-id": "mine-1"}

    response = admin.post(f"/api-manager/apis/{new_api()['api_name']}/execute", headers=headers)

    assert response.headers["x-request-id"] == "mine-1"
    assert response.headers["traceparent"].split("-")[1] == trace_id
    assert span_id not in response.headers["traceparent"]
    assert response.json()["data"]["trace_id"] == trace_id
    execution = response.json()["data"]["execution_id"]
    assert admin.get(f"/api-manager/executions/{execution}").json()["data"]["trace_id"] == trace_id


@pytest.mark.parametrize(
    "headers",
    [
        {"x-request-id": "x" * 200, "traceparent": "00-zz-yy-01"},
        {"x-request-id": "a b", "traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
        {"traceparent": f"ff-{'a' * 32}-00f067aa0ba902b7-01"},
    ],
)
def test_identities_that_do_not_fit_are_replaced(admin, headers):
    response = admin.get("/healthz", headers=headers)

    assert response.headers["x-request-id"] not in headers.values()
    assert len(response.headers["traceparent"].split("-")[1]) == 32
    assert response.headers["traceparent"].split("-")[1] not in headers["traceparent"]

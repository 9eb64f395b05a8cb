import io

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.model import Scope


def test_parameters_come_from_the_query_in_their_types(admin, new_api):
    api = new_api()["api_name"]

    response = admin.get(f"/call/{api}", params={"n": "1"})

    body = response.json()
    assert (response.status_code, body["code"], body["message"]) == (200, 0, "OK")
    assert body["data"]["data"]["rows"] == [{"answer": 2}]
    assert body["data"]["version"] == 1
    assert response.headers["x-execution-id"] == body["data"]["execution_id"]


def test_a_call_by_query_is_logged_with_its_parameters(admin, new_api):
    api = new_api()["api_name"]
    execution = admin.get(f"/call/{api}?n=7").json()["data"]["execution_id"]

    logged = admin.get(f"/api-manager/executions/{execution}").json()["data"]

    assert (logged["source"], logged["request_params"]) == ("rest", {"n": 7})


def test_an_array_is_sent_by_repeating_its_name_and_an_object_as_json(admin, new_api):
    source = "def main(params, input_payload):\n    return params\n"
    api = new_api(
        logic_type="script",
        logic_body=source,
        connection=None,
        param_schema={
            "ids": {"type": "array", "items": {"type": "integer"}},
            "where": {"type": "object"},
        },
    )["api_name"]

    response = admin.get(f"/call/{api}", params={"ids": ["1", "2"], "where": '{"a": [1]}'})

    assert response.json()["data"]["data"] == {"ids": [1, 2], "where": {"a": [1]}}


def test_every_wrong_parameter_of_a_query_is_named_and_the_refusal_logged(admin, new_api):
    api = new_api()["api_name"]

    response = admin.get(f"/call/{api}?n=1&n=many&nn=2")

    data = response.json()["data"]
    found = [(each["param"], each["code"]) for each in data["error"]["details"]["params"]]
    assert response.status_code == 422
    assert found == [("n", "repeated"), ("nn", "unknown")]
    logged = admin.get(f"/api-manager/executions/{data['execution_id']}").json()["data"]
    assert (logged["status"], logged["request_params"]) == ("rejected", {"n": "many", "nn": "2"})


def test_a_body_and_the_query_give_parameters_together(admin, new_api):
    fields = {"logic_body": "SELECT :a - :b AS answer"}
    schema = {"a": {"type": "integer"}, "b": {"type": "integer"}}
    api = new_api(**fields, param_schema=schema)["api_name"]

    response = admin.post(f"/call/{api}?a=9", json={"params": {"b": 4}})
    twice = admin.post(f"/call/{api}?a=9", json={"params": {"a": 4}})

    assert response.json()["data"]["data"]["rows"] == [{"answer": 5}]
    assert twice.status_code == 422
    assert "in the query and in the body" in twice.json()["message"]


def test_a_body_brings_the_input_of_a_script(admin, new_api):
    source = "def main(params, input_payload):\n    return input_payload\n"
    api = new_api(logic_type="script", logic_body=source, connection=None, param_schema={})

    response = admin.post(f"/call/{api['api_name']}", json={"input_payload": [1, {"a": None}]})

    assert response.json()["data"]["data"] == [1, {"a": None}]


def test_the_options_of_the_endpoint_are_not_taken_for_parameters(admin, new_api):
    schema = {"format": {"type": "text", "default": "none"}}
    api = new_api(logic_body="SELECT :format AS f", param_schema=schema)["api_name"]

    by_query = admin.get(f"/call/{api}?format=csv&trace=0")
    by_body = admin.post(f"/call/{api}", json={"params": {"format": "short"}})

    assert by_query.text.splitlines() == ["f", "none"]
    assert by_body.json()["data"]["data"]["rows"] == [{"f": "short"}]


def test_the_policy_trace_comes_when_it_is_asked_for(admin, new_api):
    api = new_api()["api_name"]

    data = admin.get(f"/call/{api}?trace=1").json()["data"]

    assert data["trace"][0]["stage"] == "resolve"


# Formats


@pytest.fixture
def table(new_api):
    body = "SELECT 7 AS n, DATE '2013-01-31' AS d, 1.10::DECIMAL(18,2) AS x"
    return new_api(logic_body=body, param_schema={})["api_name"]


def test_rows_come_in_the_format_that_accept_asks_for(admin, table):
    csv = admin.get(f"/call/{table}", headers={"Accept": "text/csv"})
    parquet = admin.get(f"/call/{table}", headers={"Accept": "application/vnd.apache.parquet"})
    arrow = admin.get(
        f"/call/{table}", headers={"Accept": "application/vnd.apache.arrow.stream, */*;q=0.1"}
    )

    assert csv.text.splitlines() == ["n,d,x", "7,2013-01-31,1.10"]
    assert pq.read_table(io.BytesIO(parquet.content)).num_rows == 1
    assert pa.ipc.open_stream(arrow.content).read_all().schema.types == [
        pa.int32(),
        pa.date32(),
        pa.decimal128(18, 2),
    ]


def test_a_large_table_is_sent_while_it_is_written(admin, engine, operator, new_api):
    """Its end is not known at its beginning; under an idempotency key it is kept as a whole."""
    rows = "SELECT i, repeat('x', 300) AS t FROM range(9000) r(i)"
    api = new_api(logic_body=rows, param_schema={}, runtime_policy={"max_rows": 10_000})
    url = f"/call/{api['api_name']}?format=csv"

    with admin.stream("GET", url, headers={"Accept-Encoding": "identity"}) as streamed:
        text = streamed.read()
    kept = admin.post(url, headers={"Idempotency-Key": api["api_name"]})

    assert "content-length" not in streamed.headers
    assert streamed.headers["x-truncated"] == "false"
    assert text.count(b"\r\n") == 9001
    assert kept.content == text


def test_an_answer_varies_by_format_and_caller(admin, table):
    vary = admin.get(f"/call/{table}").headers["Vary"]

    assert {"Accept", "Authorization", "X-API-Key"} <= {each.strip() for each in vary.split(",")}


# Conditional requests


@pytest.fixture
def counting(new_api):
    """An API whose answer is another one each time it is computed."""
    return new_api(
        logic_body="SELECT uuid() AS id",
        param_schema={},
        runtime_policy={"cache": {"enabled": True, "ttl_seconds": 60}},
    )["api_name"]


def test_an_answer_that_has_not_changed_is_not_sent_again(admin, new_api):
    api = new_api()["api_name"]
    first = admin.get(f"/call/{api}?n=1")

    again = admin.get(f"/call/{api}?n=1", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["x-execution-id"] != first.headers["x-execution-id"]


def test_another_answer_is_sent_whole(admin, new_api):
    api = new_api()["api_name"]
    tag = admin.get(f"/call/{api}?n=1").headers["ETag"]

    other = admin.get(f"/call/{api}?n=2", headers={"If-None-Match": tag})

    assert other.status_code == 200
    assert other.headers["ETag"] != tag


def test_a_cached_answer_keeps_its_tag_and_tells_its_age(admin, counting):
    tag = admin.get(f"/call/{counting}").headers["ETag"]

    again = admin.get(f"/call/{counting}", headers={"If-None-Match": f'"x", {tag}'})

    assert again.status_code == 304
    assert int(again.headers["Age"]) >= 0
    assert again.headers["Cache-Control"] == "private, no-cache"


def test_each_format_has_a_tag_of_its_own(admin, table):
    tags = {admin.get(f"/call/{table}?format={fmt}").headers["ETag"] for fmt in ("json", "csv")}

    assert len(tags) == 2


def test_a_failure_has_no_tag(admin):
    response = admin.get("/call/nowhere", headers={"If-None-Match": "*"})

    assert response.status_code == 404
    assert "ETag" not in response.headers


# Who may


def test_a_key_calls_the_apis_of_its_scope_and_no_other(engine, operator, base_url, new_api):
    mine, other = new_api()["api_name"], new_api()["api_name"]
    scope = Scope(groups=("execute",), api_patterns=(mine,))
    key = engine.auth.keys.create(operator, name="s", roles=["viewer"], scope=scope).text
    headers = {"X-API-Key": key}

    assert httpx.get(f"{base_url}/call/{mine}", headers=headers).status_code == 200
    assert httpx.get(f"{base_url}/call/{other}", headers=headers).status_code == 403

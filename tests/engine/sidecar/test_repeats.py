import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

FRESH = "SELECT uuid() AS id"
SLOW = "import time\n\ndef main(params, input_payload):\n    time.sleep(0.5)\n    return 1\n"


@pytest.fixture
def api(new_api):
    """An API that answers something else each time it runs."""
    schema = {"n": {"type": "integer", "default": 1}}
    return new_api(logic_body=f"{FRESH}, :n AS n", param_schema=schema)["api_name"]


def send(client, path, key, **body):
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def logged(client, api):
    return client.get(f"/api-manager/apis/{api}/logs").json()["data"]["total"]


@pytest.mark.parametrize("path", ["/call/{}", "/api-manager/apis/{}/execute"])
def test_a_repeated_request_is_answered_with_the_first_result(admin, api, path):
    key = uuid4().hex

    first = send(admin, path.format(api), key, params={"n": 2})
    again = send(admin, path.format(api), key, params={"n": 2})

    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert again.headers["x-execution-id"] == first.headers["x-execution-id"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert logged(admin, api) == 1


def test_rows_in_another_format_are_repeated_as_they_were(admin, api):
    key = uuid4().hex

    first, again = (send(admin, f"/call/{api}?format=parquet", key) for _ in range(2))

    assert again.content == first.content
    assert again.headers["content-type"] == "application/vnd.apache.parquet"


@pytest.mark.parametrize(
    ("path", "body"),
    [("", {"params": {"n": 3}}), ("?n=3", {}), ("?format=csv", {}), ("", {"input_payload": 1})],
)
def test_another_request_with_the_same_key_is_in_conflict(admin, api, path, body):
    key = uuid4().hex
    send(admin, f"/call/{api}", key)

    other = send(admin, f"/call/{api}{path}", key, **body)

    assert other.status_code == 409
    assert other.json()["data"]["error"]["type"] == "conflict"
    assert logged(admin, api) == 1


def test_each_caller_has_keys_of_its_own(admin, client_as, api):
    key = uuid4().hex

    mine = send(admin, f"/call/{api}", key)
    theirs = send(client_as("viewer"), f"/call/{api}", key)

    assert mine.json()["data"]["data"] != theirs.json()["data"]["data"]


def test_a_refusal_that_touched_nothing_leaves_the_key_free(admin, new_api):
    name = new_api()["api_name"]
    key = uuid4().hex

    refused = send(admin, f"/call/{name}", key, params={"n": "many"})
    mended = send(admin, f"/call/{name}", key, params={"n": 1})

    assert (refused.status_code, mended.status_code) == (422, 200)


def test_a_failure_of_the_target_is_the_result(admin, new_api):
    name = new_api(logic_body="SELECT CAST('x' || :n AS INTEGER) AS answer")["api_name"]
    key = uuid4().hex

    first, again = (send(admin, f"/call/{name}", key) for _ in range(2))

    assert first.status_code == 502
    assert again.content == first.content
    assert logged(admin, name) == 1


def test_an_answer_without_the_format_asked_for_is_not_computed_twice(admin, new_api):
    source = "def main(params, input_payload):\n    return 7\n"
    fields: dict[str, Any] = {
        "logic_type": "script",
        "logic_body": source,
        "connection": None,
        "param_schema": {},
    }
    name = new_api(**fields)["api_name"]
    key = uuid4().hex

    first, again = (send(admin, f"/call/{name}?format=csv", key) for _ in range(2))

    assert first.status_code == again.status_code == 400
    assert logged(admin, name) == 1


def test_of_requests_at_once_one_runs_and_the_others_are_told_to_wait(admin, new_api):
    fields: dict[str, Any] = {
        "logic_type": "script",
        "logic_body": SLOW,
        "connection": None,
        "param_schema": {},
    }
    name = new_api(**fields)["api_name"]
    key, together = uuid4().hex, threading.Barrier(4)

    def one(_):
        together.wait()
        return send(admin, f"/call/{name}", key)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one, range(4)))

    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    assert all(each.headers["Retry-After"] for each in answers if each.status_code == 409)
    assert logged(admin, name) == 1


@pytest.mark.parametrize("unusual", [10**30, 1e300, {"b": 1, "a": [None]}])
def test_any_json_can_be_repeated(admin, new_api, unusual):
    source = "def main(params, input_payload):\n    return 7\n"
    fields: dict[str, Any] = {
        "logic_type": "script",
        "logic_body": source,
        "connection": None,
        "param_schema": {},
    }
    path, key = f"/call/{new_api(**fields)['api_name']}", uuid4().hex

    first, again = (send(admin, path, key, input_payload=unusual) for _ in range(2))

    assert first.status_code < 500
    assert again.content == first.content


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_what_cannot_be_a_key_is_refused(admin, api, key):
    response = send(admin, f"/call/{api}", key)

    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["message"]

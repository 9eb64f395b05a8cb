"""Jobs over REST."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi.testclient import TestClient

from engine.facade import Engine
from engine.model import Caller
from engine.sidecar import create_app
from tests.engine.jobs.conftest import Publish
from tests.engine.jobs.waiting import ended

DOUBLED = "def main(params, input_payload):\n    return {'n': 2 * input_payload}\n"
ENDLESS = "def main(params, input_payload):\n    while True:\n        pass\n"


@pytest.fixture(scope="module")
def rest(engine: Engine, admin_caller: Caller) -> Iterator[TestClient]:
    key = engine.auth.keys.create(admin_caller, name="jobs", roles=["admin"]).text
    with TestClient(create_app(engine), headers={"X-API-Key": key}) as client:
        yield client


Start = Callable[..., dict[str, Any]]


@pytest.fixture
def start(rest: TestClient, publish: Publish) -> Start:
    """Publishes a script and starts a job of it; the job as it was answered."""

    def started(source: str = DOUBLED, **body: Any) -> dict[str, Any]:
        api = publish("script", source, runtime_policy={"timeout_seconds": 60})
        url = f"/api-manager/apis/{api.api_name}/jobs"
        response = rest.post(url, json={"input_payload": 21, **body})
        assert response.status_code == 202, response.text
        job: dict[str, Any] = response.json()["data"]
        assert response.headers["Location"] == f"/api-manager/jobs/{job['id']}"
        return job

    return started


def test_a_job_is_started_followed_and_its_answer_read(rest: TestClient, start: Start) -> None:
    job = start()
    assert (job["status"], job["progress"]) == ("queued", 0)

    events = followed(rest, job["id"])

    assert events[-1][0] == "end"
    assert events[-1][1]["status"] == "success"
    url = f"/api-manager/jobs/{job['id']}"
    assert rest.get(url).json()["data"]["progress"] == 1
    assert rest.get(f"{url}/result").json()["data"] == {"n": 42}
    listed = rest.get("/api-manager/jobs", params={"api_id": job["api_id"]}).json()["data"]
    assert [each["id"] for each in listed["items"]] == [job["id"]]


def test_a_job_is_cancelled_and_begun_again(
    engine: Engine, admin_caller: Caller, rest: TestClient, start: Start
) -> None:
    job = start(ENDLESS)
    url = f"/api-manager/jobs/{job['id']}"
    assert rest.get(f"{url}/result").status_code == 409
    assert rest.post(f"{url}/retry").status_code == 409

    assert rest.post(f"{url}/cancel").status_code == 200

    assert followed(rest, job["id"])[-1][1]["status"] == "cancelled"
    again = rest.post(f"{url}/retry")
    assert again.status_code == 202
    assert again.json()["data"]["retry_of"] == job["id"]
    second = UUID(again.json()["data"]["id"])
    rest.post(f"/api-manager/jobs/{second}/cancel")
    assert ended(engine, second, admin_caller).status == "cancelled"


def test_the_same_key_starts_one_job(rest: TestClient, publish: Publish) -> None:
    api = publish("script", DOUBLED).api_name
    url, headers = f"/api-manager/apis/{api}/jobs", {"Idempotency-Key": f"k-{api}"}

    first = rest.post(url, json={"input_payload": 1}, headers=headers)
    second = rest.post(url, json={"input_payload": 1}, headers=headers)
    other = rest.post(url, json={"input_payload": 2}, headers=headers)

    assert first.json()["data"]["id"] == second.json()["data"]["id"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 409


def test_a_job_that_cannot_run_is_refused_and_its_key_is_free(
    rest: TestClient, publish: Publish
) -> None:
    api = publish("script", DOUBLED).api_name
    url, headers = f"/api-manager/apis/{api}/jobs", {"Idempotency-Key": f"r-{api}"}

    refused = rest.post(url, json={"queue": "fast"}, headers=headers)

    assert refused.status_code == 400
    assert "known: default" in refused.json()["message"]
    assert rest.post(url, json={"input_payload": 1}, headers=headers).status_code == 202
    assert rest.post(url, json={"priority": 0}).status_code == 422


def followed(rest: TestClient, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a job until its end."""
    url = f"/api-manager/jobs/{job_id}/events"
    response = rest.get(url)
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = [block.splitlines() for block in response.text.strip().split("\n\n")]
    return [
        (kind.removeprefix("event: "), orjson.loads(data.removeprefix("data: ")))
        for kind, data in (block for block in blocks if len(block) == 2)
    ]

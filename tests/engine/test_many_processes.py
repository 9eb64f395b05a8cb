"""Two sidecars on one PostgreSQL and one Redis are one system."""

import base64
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from sample_data.build import load_into_postgres

ROOT = Path(__file__).parents[2]
KEY = "many-processes-admin-key"
VERSIONED = "SELECT name, {version} AS version FROM airlines WHERE carrier = :code"


@contextmanager
def sidecar(folder: Path, port: int, environment: dict[str, str]) -> Iterator[httpx.Client]:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "serve", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **environment, "API_ENGINE_DATA_DIR": str(folder)},
        stderr=subprocess.DEVNULL,
    )
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": KEY}, timeout=30
    )
    try:
        _wait_for(client, process)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(30)


def _wait_for(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None
        try:
            client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the sidecar does not answer")


@pytest.fixture
def two_sidecars(
    tmp_path: Path,
    free_port: Callable[[], int],
    postgres_database: str,
    postgres_reader_url: str,
    redis: str,
) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    load_into_postgres(postgres_database)
    environment = {
        "API_ENGINE_METADATA_URL": postgres_database,
        "API_ENGINE_REDIS_URL": redis,
        "API_ENGINE_BOOTSTRAP_KEY": KEY,
        "API_ENGINE_CONNECTION_WAREHOUSE": postgres_reader_url,
        "API_ENGINE_SAMPLE_DATA": "false",
        "API_ENGINE_INSTANCE_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    with ExitStack() as running:
        yield (
            running.enter_context(sidecar(tmp_path / "a", free_port(), environment)),
            running.enter_context(sidecar(tmp_path / "b", free_port(), environment)),
        )


def publish(client: httpx.Client, version: int, policy: dict[str, object]) -> None:
    fields = {
        "api_name": "carrier",
        "logic_type": "sql",
        "connection": "warehouse",
        "logic_body": VERSIONED.replace("{version}", str(version)),
        "param_schema": {"code": {"type": "text", "required": True}},
        "runtime_policy": policy,
    }
    answer = client.post("/api-manager/apis", json=fields)
    if answer.status_code == 409:
        answer = client.put("/api-manager/apis/carrier", json=fields)
    assert answer.is_success, answer.text


def call(client: httpx.Client, code: str) -> httpx.Response:
    return client.post("/api-manager/apis/carrier/execute", json={"params": {"code": code}})


CALLS: dict[str, int | str] = {"limit": 20, "source": "rest"}
"""Without what the publish gate made again."""


def logged_statuses(client: httpx.Client, *, expected: int) -> list[str]:
    """The log as one process reads it; another's records follow within its writer's interval."""
    for _ in range(50):
        page = client.get("/api-manager/apis/carrier/logs", params=CALLS).json()["data"]
        if len(page["items"]) >= expected:
            break
        time.sleep(0.1)
    return [record["status"] for record in page["items"]]


def test_what_one_process_does_holds_for_the_other(
    two_sidecars: tuple[httpx.Client, httpx.Client],
) -> None:
    one, other = two_sidecars
    publish(one, 1, {"cache": {"enabled": True}})

    loaded, cached = call(one, "UA").json()["data"], call(other, "UA").json()["data"]
    publish(other, 2, {"rate_limit": {"per_api": "3/minute"}})
    time.sleep(1.1)  # how long another process may go on with the version before
    calls = [call(client, code) for client, code in ((one, "DL"), (other, "DL"), (one, "AA"))]
    refused = call(other, "AA")
    statuses = logged_statuses(one, expected=6)

    assert loaded["data"]["rows"] == [{"name": "United Air Lines Inc.", "version": 1}]
    assert (loaded["cached"], cached["cached"]) == (False, True)
    assert [answer.json()["data"]["version"] for answer in calls] == [2, 2, 2]
    assert (refused.status_code, refused.headers["RateLimit-Remaining"]) == (429, "0")
    assert sorted(statuses) == ["rejected", *["success"] * 5]
    assert one.get("/readyz").json()["data"]["components"]["shared_state"]["backend"] == "redis"

"""Sidecars behind a proxy are replaced one after another while callers go on calling."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from deploy.cluster import Cluster

CALLERS = 4
PAUSE_S = 0.01
"""Between two calls of a caller, so that the processes that start get at a core too."""
PATIENCE_S = 240


@pytest.fixture
def cluster(tmp_path: Path, postgres_database: str, redis: str) -> Iterator[Cluster]:
    cluster = Cluster(
        tmp_path,
        postgres_database,
        redis,
        sidecars=2,
        workers=0,
        with_dashboard=False,
        settings={"API_ENGINE_SAMPLE_DATA": "false", "API_ENGINE_LOG_LEVEL": "ERROR"},
    )
    with cluster:
        yield cluster


@pytest.mark.timeout(PATIENCE_S)
def test_no_request_and_no_log_row_is_lost(cluster: Cluster) -> None:
    headers = {"X-API-Key": cluster.key}
    source = "def main(params, input_payload):\n    return 1\n"
    fields = {"api_name": "one", "logic_type": "script", "logic_body": source}
    made = httpx.post(f"{cluster.url}/api-manager/apis", headers=headers, json=fields, timeout=30)
    assert made.status_code == 201, made.text
    done = threading.Event()

    def call_on() -> list[str]:
        """Call until told to end, on one connection as long as the server keeps it."""
        ids = []
        with httpx.Client(base_url=cluster.url, headers=headers, timeout=30) as client:
            while not done.wait(PAUSE_S):
                answer = client.post("/api-manager/apis/one/execute")
                assert answer.status_code == 200, answer.text
                ids.append(answer.headers["x-execution-id"])
        return ids

    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(call_on) for _ in range(CALLERS)]
        try:
            for name in cluster.names("sidecar"):
                cluster.restart(name)
        finally:
            done.set()
        answered = [each for caller in callers for each in caller.result(PATIENCE_S)]

    assert len(answered) > CALLERS
    assert logged(cluster, headers, len(answered)) == set(answered)


def logged(cluster: Cluster, headers: dict[str, str], expected: int) -> set[str]:
    """The ids in the log, read a page at a time, once the writers have caught up."""
    url = f"{cluster.url}/api-manager/apis/one/logs"
    found: set[str] = set()
    for _ in range(50):
        found = set()
        while len(found) < expected + 1000:
            params = {"limit": 1000, "offset": len(found)}
            page = httpx.get(url, headers=headers, params=params, timeout=30).json()["data"]
            found |= {each["id"] for each in page["items"]}
            if len(page["items"]) < 1000:
                break
        if len(found) >= expected:
            break
    return found

"""What one call and one job cost each part of a cluster, in CPU time, which shares well."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import orjson

from benchmarks.effort import Effort
from benchmarks.engines import redis_url
from benchmarks.postgres import PostgresCluster
from deploy.cluster import Cluster

TITLE = "CPU of each process for a call and a job"
CALLERS = 4
PATIENCE_S = 120.0
TICKS = os.sysconf("SC_CLK_TCK")
IDLE_S = 5.0
SETTLE_S = 1.5
"""The writers' intervals: what a call leaves behind is done after it."""
TINY_CALLS, TINY_S = 50, 0.3
"""So few calls are made to see that it works."""
APIS: Mapping[str, Mapping[str, object]] = {
    "bench-select": {
        "logic_type": "sql",
        "connection": "sample",
        "logic_body": "SELECT :n AS n",
        "param_schema": {"n": {"type": "integer", "default": 1}},
    },
    "bench-cached": {
        "logic_type": "sql",
        "connection": "sample",
        "logic_body": "SELECT 1 AS n",
        "runtime_policy": {"cache": {"enabled": True}, "rate_limit": {"per_api": "100000/second"}},
    },
    "bench-script": {
        "logic_type": "script",
        "logic_body": "def main(params, input_payload):\n    return 1\n",
    },
    "bench-steps": {
        "logic_type": "workflow",
        "logic_body": orjson.dumps(
            {"nodes": [{"id": f"n{n}", "api_id": "bench-cached"} for n in range(3)]}
        ).decode(),
    },
}
Parts = Mapping[str, int]
"""The root process of each part."""


def run(effort: Effort) -> str:
    """Measure with one sidecar and one worker on PostgreSQL and Redis."""
    calls = max(20, int(1000 * effort.seconds))
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="api-engine-")))
        postgres = PostgresCluster()
        running.callback(postgres.stop)
        before = set(_processes())
        redis = running.enter_context(redis_url())
        (redis_pid,) = _children_of(os.getpid()) - before
        cluster = running.enter_context(
            Cluster(
                folder,
                postgres.url("postgres"),
                redis,
                sidecars=1,
                workers=1,
                with_dashboard=False,
                settings={"API_ENGINE_LOG_LEVEL": "ERROR"},
            )
        )
        parts = {
            "sidecar": cluster.pid("sidecar-0"),
            "worker": cluster.pid("worker-0"),
            "PostgreSQL": postgres.pid,
            "Redis": redis_pid,
        }
        return "\n".join(_rows(cluster, parts, calls))


def _rows(cluster: Cluster, parts: Parts, calls: int) -> Iterator[str]:
    yield "| CPU ms for one | " + " | ".join(parts) + " |"
    yield "|---|" + "--:|" * len(parts)
    pause_s = SETTLE_S if calls > TINY_CALLS else TINY_S
    headers = {"X-API-Key": cluster.key}
    with httpx.Client(base_url=cluster.address("sidecar-0"), headers=headers, timeout=60) as client:
        for name, fields in APIS.items():
            made = client.post("/api-manager/apis", json={"api_name": name, **fields})
            made.raise_for_status()
        _job(client)  # by then the worker has started
        idle = _idle(parts, IDLE_S if calls > TINY_CALLS else TINY_S)
        subjects: Mapping[str, tuple[Callable[[], None], int]] = {
            "statement on DuckDB": (lambda: _execute(client, "bench-select"), calls),
            "cached answer": (lambda: _execute(client, "bench-cached"), calls),
            "script": (lambda: _execute(client, "bench-script"), max(10, calls // 5)),
            "job of three steps": (lambda: _job(client), max(10, calls // 10)),
        }
        for name, (call, count) in subjects.items():
            call()
            yield _row(name, _spent(parts, call, count, idle, pause_s))
        yield _row("second in which nothing is asked", idle)


def _row(name: str, spent: Mapping[str, float]) -> str:
    return f"| {name} | " + " | ".join(f"{each:.2f}" for each in spent.values()) + " |"


def _idle(parts: Parts, seconds: float) -> dict[str, float]:
    """CPU milliseconds a second, by part, while nothing is asked."""
    time.sleep(min(seconds, SETTLE_S))
    before = {part: _cpu_ms(pid) for part, pid in parts.items()}
    time.sleep(seconds)
    return {part: (_cpu_ms(pid) - before[part]) / seconds for part, pid in parts.items()}


def _spent(
    parts: Parts,
    call: Callable[[], None],
    count: int,
    idle: Mapping[str, float],
    pause_s: float,
) -> dict[str, float]:
    """CPU milliseconds a call, by part, without what the time itself costs."""
    time.sleep(pause_s)
    begin = time.monotonic()
    before = {part: _cpu_ms(pid) for part, pid in parts.items()}
    with ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(call) for _ in range(count)]:
            done.result()
    time.sleep(pause_s)
    seconds = time.monotonic() - begin
    return {
        part: max(0.0, _cpu_ms(pid) - before[part] - idle[part] * seconds) / count
        for part, pid in parts.items()
    }


def _execute(client: httpx.Client, api: str) -> None:
    client.post(f"/api-manager/apis/{api}/execute").raise_for_status()


def _job(client: httpx.Client) -> None:
    job = client.post("/api-manager/apis/bench-steps/jobs").raise_for_status().json()["data"]
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        if client.get(f"/api-manager/jobs/{job['id']}").json()["data"]["ended_at"]:
            return
        time.sleep(0.5)
    raise RuntimeError(f"job {job['id']} does not end")


def _cpu_ms(root: int) -> float:
    """CPU time of a process, its ended children and all its living descendants."""
    stats = _processes()
    pending, total = [root], 0.0
    while pending:
        pid = pending.pop()
        children = [child for child, stat in stats.items() if stat[1] == str(pid)]
        pending += children
        ticks = stats[pid][11:13] + (stats[pid][13:15] if pid == root else [])
        total += sum(map(int, ticks)) * 1000 / TICKS
    return total


def _children_of(pid: int) -> set[int]:
    return {child for child, stat in _processes().items() if stat[1] == str(pid)}


def _processes() -> dict[int, list[str]]:
    """The fields of /proc/<pid>/stat after the name, by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                found[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    return found

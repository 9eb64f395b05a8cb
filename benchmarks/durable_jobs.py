"""What durable jobs cost: a node of a workflow, and jobs a second with several workers."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from benchmarks.effort import Effort
from benchmarks.engines import open_engine
from benchmarks.postgres import PostgresCluster
from engine.facade import Engine, local_caller
from engine.jobs import JobOrder
from engine.model.job import Job
from engine.settings import Settings

TITLE = "Durable jobs"
NODES = 40
JOBS_A_SECOND = 150
WORKERS = (1, 2, 4)
PATIENCE_S = 120.0
CALLER = local_caller()
SELECT = {
    "api_name": "bench-select",
    "logic_type": "sql",
    "connection": "sample",
    "logic_body": "SELECT 1 AS n",
    "runtime_policy": {"cache": {"enabled": True}},
}


def run(effort: Effort) -> str:
    """Measure both; jobs of a round are as many as the effort says."""
    node = _cost_of_a_node(effort.rounds)
    counts = WORKERS if effort.rounds > 1 else WORKERS[:1]
    jobs = max(4, int(JOBS_A_SECOND * effort.seconds))
    lines = [f"| workers on PostgreSQL | jobs a second ({jobs} jobs of 3 nodes) |", "|---|---|"]
    lines += [f"| {count} | {rate:.0f} |" for count, rate in _throughput(counts, jobs)]
    return "\n".join([node, "", *lines])


def _cost_of_a_node(rounds: int) -> str:
    """A chain of nodes that are answered from the cache, called and run as a job in turn."""
    with open_engine(log_level="ERROR") as engine:
        _publish(engine, NODES)
        engine.execute("bench-chain")
        _finished(engine, [_submit(engine)])
        called, durable = [], []
        for _ in range(3 * rounds):
            called.append(engine.execute("bench-chain").duration_ms / NODES)
            job = _finished(engine, [_submit(engine)])[0]
            durable.append(_seconds(job) * 1000 / NODES)
    rows = [("called", called), ("as a job, SQLite", durable)]
    lines = [f"| a node of {NODES} | least ms | median ms |", "|---|---|---|"]
    lines += [f"| {name} | {min(ms):.2f} | {statistics.median(ms):.2f} |" for name, ms in rows]
    return "\n".join(lines)


def _throughput(counts: Sequence[int], jobs: int) -> Iterator[tuple[int, float]]:
    postgres = PostgresCluster()
    try:
        with tempfile.TemporaryDirectory(prefix="api-engine-bench-") as folder:
            settings = Settings.load(
                data_dir=Path(folder),
                metadata_url=postgres.url("postgres"),
                jobs="workers",
                log_level="ERROR",
            )
            with Engine.open(settings) as engine:
                _publish(engine, 3)
                for count in counts:
                    with _workers(engine, settings, count):
                        _finished(engine, [_submit(engine) for _ in range(2 * count)])
                        begun = [_submit(engine) for _ in range(jobs)]
                        yield count, _rate(_finished(engine, begun))
    finally:
        postgres.stop()


def _rate(ended: Sequence[Job]) -> float:
    """Jobs a second, from the first that was begun to the last that ended."""
    begin = min(job.started_at for job in ended if job.started_at)
    end = max(job.ended_at for job in ended if job.ended_at)
    return len(ended) / (end - begin).total_seconds()


def _publish(engine: Engine, nodes: int) -> None:
    chain = [{"id": f"n{number}", "api_id": "bench-select"} for number in range(nodes)]
    body = orjson.dumps({"nodes": chain}).decode()
    for fields in (
        SELECT,
        {"api_name": "bench-chain", "logic_type": "workflow", "logic_body": body},
    ):
        engine.apis.create(fields, CALLER)


def _submit(engine: Engine) -> Job:
    return engine.jobs.submit(JobOrder(api="bench-chain"), CALLER)


def _finished(engine: Engine, jobs: Sequence[Job]) -> list[Job]:
    """The jobs as they ended."""
    give_up = time.monotonic() + PATIENCE_S
    ended = []
    for job in jobs:
        while not (found := engine.jobs.get(job.id, CALLER)).has_ended:
            if time.monotonic() > give_up:
                raise RuntimeError(f"job {job.id} does not end")
            time.sleep(0.05)
        if found.status != "success":
            raise RuntimeError(f"job {job.id}: {found.error}")
        ended.append(found)
    return ended


def _seconds(job: Job) -> float:
    if job.started_at is None or job.ended_at is None:
        raise RuntimeError(f"job {job.id} has not ended")
    return (job.ended_at - job.started_at).total_seconds()


@contextmanager
def _workers(engine: Engine, settings: Settings, count: int) -> Iterator[None]:
    url = settings.metadata_url.get_secret_value() if settings.metadata_url else ""
    environment = {
        **os.environ,
        "API_ENGINE_DATA_DIR": str(settings.data_dir),
        "API_ENGINE_METADATA_URL": url,
        "API_ENGINE_LOG_LEVEL": "ERROR",
        "API_ENGINE_DRAIN_SECONDS": "1",
    }
    command = [sys.executable, "-m", "engine.cli", "worker"]
    running = [
        subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(count)
    ]
    try:
        _wait_for_workers(engine, count)
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(PATIENCE_S)


def _wait_for_workers(engine: Engine, count: int) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while len(engine.jobs.workers(CALLER)) < count:
        if time.monotonic() > give_up:
            raise RuntimeError("the workers do not start")
        time.sleep(0.1)

"""Workers that are killed at any moment: every job ends once, with the right answer."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from engine.facade import Engine
from engine.jobs import JobOrder
from engine.model import Caller, ExecutionQuery
from engine.model.job import Job
from engine.settings import Settings

KILLS = 20
JOBS = 40
SEED = 20261123
PATIENCE_S = 90.0
STEP = """
import time
def main(params, input_payload):
    time.sleep(0.05)
    return {"n": input_payload["n"] + 1}
"""
Worker = subprocess.Popen[bytes]


@pytest.fixture
def metadata_url(request: pytest.FixtureRequest) -> str | None:
    """SQLite, unless the test is marked otherwise."""
    return getattr(request, "param", None) and request.getfixturevalue(request.param)


on_postgres = pytest.mark.parametrize("metadata_url", ["postgres_database"], indirect=True)


@pytest.fixture
def settings(metadata_url: str | None, tmp_path: Path) -> Settings:
    return Settings.load(
        data_dir=tmp_path,
        metadata_url=metadata_url,
        jobs="workers",
        sample_data=False,
        log_level="ERROR",
        sandbox_slots=4,
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Starts jobs and runs none."""
    with Engine.open(settings) as engine:
        yield engine


@on_postgres
@pytest.mark.timeout(PATIENCE_S * 2)
def test_every_job_ends_once_with_the_right_answer(
    engine: Engine, settings: Settings, admin_caller: Caller
) -> None:
    api = publish_chain(engine, admin_caller)
    chance = random.Random(SEED)  # noqa: S311 - no secret
    with workers(settings, 2) as running:
        jobs = [submit(engine, admin_caller, api, n) for n in range(JOBS)]
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.5))
            position = chance.randrange(len(running))
            kill(running[position])
            running[position] = start_worker(settings)
        ended = wait_for_all(engine, admin_caller, jobs)

    assert [job.status for job in ended] == ["success"] * JOBS, [job.error for job in ended]
    answers = [orjson.loads(engine.jobs.answer(job.id, admin_caller)) for job in ended]
    assert answers == [{"n": n + 3} for n in range(JOBS)]
    assert logged(settings, admin_caller, api) == sorted(job.execution_id for job in ended)


def test_a_job_goes_on_elsewhere_within_15_seconds_without_what_has_ended(
    engine: Engine, settings: Settings, admin_caller: Caller
) -> None:
    api = publish_chain(engine, admin_caller, seconds=1.0)
    with workers(settings, 1) as running:
        job = submit(engine, admin_caller, api, 0)
        wait_for(lambda: finished_nodes(engine, job, admin_caller) >= 1)
        kill(running[0])
        killed_at = time.monotonic()
        before = {
            node.node_id: node.execution_id
            for node in engine.jobs.get(job, admin_caller).nodes
            if node.state == "success"
        }
        running[0] = start_worker(settings)
        ended = wait_for_all(engine, admin_caller, [job])[0]

    assert ended.status == "success"
    assert ended.runs == 2
    assert time.monotonic() - killed_at < 15 + 3
    steps = {node.node_id: node.execution_id for node in ended.nodes}
    assert steps.items() >= before.items()
    assert logged(settings, admin_caller, "step") == sorted(filter(None, steps.values()))


def test_a_worker_that_is_asked_to_end_hands_its_jobs_over(
    engine: Engine, settings: Settings, admin_caller: Caller
) -> None:
    api = publish_chain(engine, admin_caller, seconds=1.0)
    with workers(settings, 1, drain="0") as running:
        job = submit(engine, admin_caller, api, 0)
        wait_for(lambda: finished_nodes(engine, job, admin_caller) >= 1)
        running[0].send_signal(signal.SIGTERM)
        assert running[0].wait(20) == 0
        assert engine.jobs.get(job, admin_caller).status == "running"
        running[0] = start_worker(settings)
        ended = wait_for_all(engine, admin_caller, [job])[0]

    assert (ended.status, ended.runs) == ("success", 2)
    assert logged(settings, admin_caller, api) == [ended.execution_id]


def publish_chain(engine: Engine, caller: Caller, seconds: float = 0.05) -> str:
    """A workflow of three steps, each of which adds one."""
    source = STEP.replace("0.05", str(seconds))
    fields = {"api_name": "step", "logic_type": "script", "logic_body": source}
    engine.apis.create(fields, caller)
    nodes: list[dict[str, Any]] = [
        {"id": "a", "api_id": "step", "input": {"n": "{{params.n}}"}},
        {"id": "b", "api_id": "step", "input": "{{steps.a.data}}"},
        {"id": "c", "api_id": "step", "input": "{{steps.b.data}}"},
    ]
    engine.apis.create(
        {
            "api_name": "chain",
            "logic_type": "workflow",
            "logic_body": orjson.dumps({"nodes": nodes}).decode(),
            "param_schema": {"n": {"type": "integer", "required": True}},
        },
        caller,
    )
    return "chain"


def submit(engine: Engine, caller: Caller, api: str, n: int) -> UUID:
    return engine.jobs.submit(JobOrder(api=api, params={"n": n}), caller).id


def finished_nodes(engine: Engine, job_id: UUID, caller: Caller) -> int:
    return sum(node.state == "success" for node in engine.jobs.get(job_id, caller).nodes)


def logged(settings: Settings, caller: Caller, api: str) -> list[UUID]:
    """The ids of every record of an API; a start takes in what killed workers left behind."""
    with Engine.open(settings) as engine:
        query = ExecutionQuery(api_id=engine.apis.get(api, caller).id, limit=1000)
        return sorted(record.id for record in engine.logs.search(query, caller).items)


def wait_for(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def wait_for_all(engine: Engine, caller: Caller, jobs: list[UUID]) -> list[Job]:
    left = set(jobs)

    def none_left() -> bool:
        left.difference_update([job for job in left if engine.jobs.get(job, caller).has_ended])
        return not left

    wait_for(none_left)
    return [engine.jobs.get(job, caller) for job in jobs]


@contextmanager
def workers(settings: Settings, count: int, *, drain: str = "5") -> Iterator[list[Worker]]:
    running = [start_worker(settings, drain=drain) for _ in range(count)]
    try:
        yield running
    finally:
        for worker in running:
            kill(worker)


def start_worker(settings: Settings, *, drain: str = "5") -> Worker:
    url = settings.metadata_url
    environment = {
        **os.environ,
        "API_ENGINE_DATA_DIR": str(settings.data_dir),
        "API_ENGINE_METADATA_URL": url.get_secret_value() if url else "",
        "API_ENGINE_SAMPLE_DATA": "false",
        "API_ENGINE_LOG_LEVEL": "ERROR",
        "API_ENGINE_DRAIN_SECONDS": drain,
    }
    command = [sys.executable, "-m", "engine.cli", "worker"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def kill(worker: Worker) -> None:
    worker.kill()
    worker.wait(10)

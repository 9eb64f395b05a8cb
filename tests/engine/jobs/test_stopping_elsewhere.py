"""A job that another process runs is stopped within a second, whatever runs for it there."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from benchmarks.postgres import PostgresCluster
from engine.facade import Engine
from engine.jobs import JobOrder
from engine.model import Caller
from engine.settings import Settings
from tests.engine.jobs.held_server import HeldServer, held_server
from tests.engine.jobs.waiting import ended, until, wait_for
from tests.engine.jobs.worker_processes import wait_for_workers, workers

STOPPED_WITHIN_S = 1.0
TRIES = 3
"""The quickest counts: a machine with other work to do may hold up one of them."""
HEAVY_SQL = "SELECT count(*) AS n FROM generate_series(1, 1000000000)"
ENDLESS = "def main(params, input_payload):\n    while True:\n        pass\n"
POLICY = {"timeout_seconds": 30, "max_retries": 0}


@pytest.fixture(scope="module")
def server() -> Iterator[HeldServer]:
    with held_server() as server:
        yield server


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, postgres_cluster: PostgresCluster
) -> Iterator[Engine]:
    """Starts jobs; a worker runs them, which reaches PostgreSQL too."""
    settings = Settings.load(
        data_dir=tmp_path_factory.mktemp("stopping"),
        jobs="workers",
        sample_data=False,
        log_level="ERROR",
        environment_connections={"numbers": postgres_cluster.url("postgres")},
    )
    target = {"API_ENGINE_CONNECTION_NUMBERS": postgres_cluster.url("postgres")}
    with Engine.open(settings) as engine, workers(settings, 1, **target) as running:
        wait_for_workers(engine, running)
        yield engine


def test_a_statement_is_stopped(
    engine: Engine, admin_caller: Caller, postgres_cluster: PostgresCluster
) -> None:
    publish(engine, admin_caller, "sql", HEAVY_SQL, connection="numbers")

    def statements() -> int:
        with postgres_cluster.connect() as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE state = 'active' AND query LIKE '%1000000000%' AND pid <> pg_backend_pid()"
            )
            count: int = found.fetchall()[0][0]
            return count

    assert stopping_s(engine, admin_caller, "sql", lambda: statements() > 0) < STOPPED_WITHIN_S
    assert statements() == 0


def test_an_http_call_is_broken_off(
    engine: Engine, admin_caller: Caller, server: HeldServer
) -> None:
    body = {"method": "GET", "url": f"http://127.0.0.1:{server.port}/held/call"}
    policy = {**POLICY, "http": {"allow_hosts": [f"127.0.0.1:{server.port}"]}}
    publish(engine, admin_caller, "http", orjson.dumps(body).decode(), runtime_policy=policy)
    calls = iter(range(1, TRIES + 1))

    def has_called() -> bool:
        server.wait_for("held", next(calls))
        return True

    assert stopping_s(engine, admin_caller, "http", has_called) < STOPPED_WITHIN_S
    server.let_go("held")


def test_a_script_is_killed(engine: Engine, admin_caller: Caller) -> None:
    publish(engine, admin_caller, "script", ENDLESS)

    assert stopping_s(engine, admin_caller, "script", lambda: True) < STOPPED_WITHIN_S


def publish(
    engine: Engine, caller: Caller, logic_type: str, logic_body: str, **fields: Any
) -> None:
    fields = {"runtime_policy": POLICY, **fields}
    api = {"api_name": logic_type, "logic_type": logic_type, "logic_body": logic_body, **fields}
    engine.apis.create(api, caller)


def stopping_s(engine: Engine, caller: Caller, api: str, is_under_way: Callable[[], bool]) -> float:
    """How long it takes from the order to stop until the job has ended, of several tries."""
    taken = []
    for _ in range(TRIES):
        job = engine.jobs.submit(JobOrder(api=api), caller)
        until(engine, job.id, caller, lambda job: job.status == "running")
        wait_for(is_under_way)
        began = time.monotonic()
        engine.jobs.cancel(job.id, caller)
        assert ended(engine, job.id, caller).status == "cancelled"
        taken.append(time.monotonic() - began)
    return min(taken)

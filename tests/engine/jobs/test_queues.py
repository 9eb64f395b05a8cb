"""What queues let through, with two workers: how many at once, how often, and who is next.

On PostgreSQL, where what workers count together is exact.
"""

from collections.abc import Iterator
from uuid import UUID

import orjson
import pytest

from benchmarks.postgres import PostgresCluster
from engine.facade import Engine
from engine.jobs import JobOrder
from engine.model import Caller
from engine.settings import Settings
from tests.engine.jobs.held_server import HeldServer, held_server
from tests.engine.jobs.waiting import all_ended, ended
from tests.engine.jobs.worker_processes import wait_for_workers, workers

QUEUES = {
    "default": {},
    "each": {"concurrency": 1},
    "all": {"total_concurrency": 3},
    "tenant": {"tenant_concurrency": 1},
    "line": {"total_concurrency": 1},
    "rate": {"rate": "2/second"},
}
PERIOD_S = 1.0
OTHER = "another"


@pytest.fixture(scope="module")
def server() -> Iterator[HeldServer]:
    with held_server() as server:
        yield server


@pytest.fixture(scope="module")
def settings(
    postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    with postgres_cluster.connect() as connection:
        connection.execute("CREATE DATABASE queues")
    return Settings.load(
        data_dir=tmp_path_factory.mktemp("queues"),
        metadata_url=postgres_cluster.url("queues"),
        jobs="workers",
        job_queues=orjson.dumps(QUEUES).decode(),
        sample_data=False,
        log_level="ERROR",
    )


@pytest.fixture(scope="module")
def engine(settings: Settings, server: HeldServer, admin_caller: Caller) -> Iterator[Engine]:
    """Starts jobs; two workers run them."""
    url = f"http://127.0.0.1:{server.port}/{{{{params.group}}}}/{{{{params.name}}}}"
    fields = {
        "api_name": "hold",
        "logic_type": "http",
        "logic_body": orjson.dumps({"method": "GET", "url": url}).decode(),
        "param_schema": {name: {"type": "text"} for name in ("group", "name")},
        "runtime_policy": {
            "timeout_seconds": 30,
            "http": {"allow_hosts": [f"127.0.0.1:{server.port}"]},
        },
    }
    with Engine.open(settings) as engine, workers(settings, 2) as running:
        for caller in (admin_caller, of_another_tenant(admin_caller)):
            engine.apis.create(fields, caller)
        wait_for_workers(engine, running)
        yield engine


def test_a_worker_runs_so_many_at_once(
    engine: Engine, server: HeldServer, admin_caller: Caller
) -> None:
    jobs = [submit(engine, admin_caller, "each", str(n)) for n in range(6)]
    server.wait_for("each", 2)
    prove_that_workers_look_for_more(engine, server, admin_caller, "each")
    server.let_go("each")

    done = all_ended(engine, jobs, admin_caller)

    assert server.peak("each") == 2
    assert len({job.worker for job in done}) == 2


def test_all_workers_together_run_so_many_at_once(
    engine: Engine, server: HeldServer, admin_caller: Caller
) -> None:
    jobs = [submit(engine, admin_caller, "all", str(n)) for n in range(8)]
    server.wait_for("all", 3)
    prove_that_workers_look_for_more(engine, server, admin_caller, "all")
    server.let_go("all")

    assert {job.status for job in all_ended(engine, jobs, admin_caller)} == {"success"}
    assert server.peak("all") == 3


def test_a_tenant_does_not_keep_another_from_running(
    engine: Engine, server: HeldServer, admin_caller: Caller
) -> None:
    jobs = [submit(engine, admin_caller, "tenant", f"mine-{n}") for n in range(6)]
    server.wait_for("tenant", 1)
    caller = of_another_tenant(admin_caller)
    other = submit(engine, caller, "tenant", "other")
    server.wait_for("tenant", 2)
    prove_that_workers_look_for_more(engine, server, admin_caller, "tenant")

    assert sorted(server.arrived("tenant")) == ["mine-0", "other"]
    server.let_go("tenant")
    all_ended(engine, jobs, admin_caller)
    assert ended(engine, other, caller).status == "success"
    assert server.peak("tenant") == 2


def test_of_one_tenant_the_most_urgent_is_next_and_then_the_oldest(
    engine: Engine, server: HeldServer, admin_caller: Caller
) -> None:
    jobs = [submit(engine, admin_caller, "line", "first")]
    server.wait_for("line", 1)
    for name, priority in (("late", 90), ("usual", 50), ("also", 50), ("urgent", 1)):
        jobs.append(submit(engine, admin_caller, "line", name, priority=priority))
    server.let_go("line")

    all_ended(engine, jobs, admin_caller)

    assert server.arrived("line") == ["first", "urgent", "usual", "also", "late"]


def test_tenants_take_turns_by_chance(
    engine: Engine, server: HeldServer, admin_caller: Caller
) -> None:
    """One of sixteen first in line would leave the other tenant the last place; chance does not."""
    jobs = [submit(engine, admin_caller, "line", f"turn-{n}") for n in range(16)]
    caller = of_another_tenant(admin_caller)
    other = submit(engine, caller, "line", "turn-other")
    server.let_go("line")

    all_ended(engine, jobs, admin_caller)
    ended(engine, other, caller)

    assert server.arrived("line").index("turn-other") < len(server.arrived("line")) - 1


def test_so_many_are_begun_in_a_period(
    engine: Engine, server: HeldServer, admin_caller: Caller
) -> None:
    server.let_go("rate")
    jobs = [submit(engine, admin_caller, "rate", str(n)) for n in range(3)]

    done = all_ended(engine, jobs, admin_caller)

    begun = sorted(job.started_at for job in done if job.started_at)
    first = min(job.created_at for job in done)
    assert (begun[2] - first).total_seconds() >= PERIOD_S


def submit(engine: Engine, caller: Caller, queue: str, name: str, *, priority: int = 50) -> UUID:
    params = {"group": queue, "name": name}
    order = JobOrder(api="hold", params=params, queue=queue, priority=priority)
    return engine.jobs.submit(order, caller).id


def of_another_tenant(caller: Caller) -> Caller:
    return caller.model_copy(update={"tenant_id": OTHER})


def prove_that_workers_look_for_more(
    engine: Engine, server: HeldServer, caller: Caller, held: str
) -> None:
    """Run jobs of another queue one after another: meanwhile the full queue is looked at too."""
    server.let_go("default")
    for n in range(3):
        ended(engine, submit(engine, caller, "default", f"{held}-{n}"), caller)

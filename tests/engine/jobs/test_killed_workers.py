"""Workers that are killed at any moment: every job ends once, with the right answer."""

import os
import random
import signal
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess

import orjson
import pytest

from benchmarks.postgres import PostgresCluster
from engine.facade import Engine
from engine.model import Caller
from engine.model.job import JobQuery
from engine.settings import Settings
from tests.engine.jobs.chain import begun_at_its_second_step, logged, publish_chain, submit
from tests.engine.jobs.waiting import all_ended, ended, until, wait_for
from tests.engine.jobs.worker_processes import kill, start_worker, wait_for_workers, workers

KILLS = 20
SEED = 20261123
LOST_AFTER_S = 2.0


@pytest.fixture(scope="module")
def settings(
    postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    with postgres_cluster.connect() as connection:
        connection.execute("CREATE DATABASE killed_workers")
    return Settings.load(
        data_dir=tmp_path_factory.mktemp("killed"),
        metadata_url=postgres_cluster.url("killed_workers"),
        jobs="workers",
        worker_lost_seconds=LOST_AFTER_S,
        sample_data=False,
        log_level="ERROR",
        sandbox_slots=4,
    )


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    """Starts jobs and runs none."""
    with Engine.open(settings) as engine:
        yield engine


def test_every_job_ends_once_with_the_right_answer(
    engine: Engine, settings: Settings, admin_caller: Caller
) -> None:
    publish_chain(engine, admin_caller, "often")
    chance = random.Random(SEED)  # noqa: S311 - no secret
    jobs = []
    with workers(settings, 2) as running:
        wait_for_workers(engine, running)
        for n in range(KILLS):
            jobs += [submit(engine, admin_caller, "often", 2 * n + each) for each in (0, 1)]
            victim = one_that_works(engine, admin_caller, running)
            time.sleep(chance.uniform(0, 0.25))
            kill(running[victim])
            running[victim] = start_worker(settings)
        all_of_them = all_ended(engine, jobs, admin_caller)

    assert {job.status for job in all_of_them} == {"success"}, [job.error for job in all_of_them]
    answers = [orjson.loads(engine.jobs.answer(job, admin_caller)) for job in jobs]
    assert answers == [{"n": n + 3} for n in range(2 * KILLS)]
    assert any(job.runs > 1 for job in all_of_them)
    assert logged(settings, admin_caller, "often") == sorted(j.execution_id for j in all_of_them)
    nodes = [node for job in all_of_them for node in job.nodes]
    steps = sorted(node.execution_id for node in nodes if node.execution_id)
    assert logged(settings, admin_caller, "often-step") == steps


def test_a_worker_that_is_asked_to_end_hands_its_jobs_over(
    engine: Engine, settings: Settings, admin_caller: Caller
) -> None:
    publish_chain(engine, admin_caller, "handed", seconds=0.5)
    with workers(settings, 1, API_ENGINE_DRAIN_SECONDS="0") as running:
        job = submit(engine, admin_caller, "handed", 0)
        until(engine, job, admin_caller, begun_at_its_second_step)
        running[0].terminate()
        running[0].join(30)
        assert running[0].exitcode == 0
        assert engine.jobs.get(job, admin_caller).status == "running"
        running[0] = start_worker(settings)
        done = ended(engine, job, admin_caller)

    assert (done.status, done.runs) == ("success", 2)
    assert logged(settings, admin_caller, "handed") == [done.execution_id]


def test_a_worker_that_wakes_up_again_cannot_harm_what_others_have_done(
    engine: Engine, settings: Settings, admin_caller: Caller
) -> None:
    publish_chain(engine, admin_caller, "slept", seconds=0.5)
    with workers(settings, 1) as running:
        job = submit(engine, admin_caller, "slept", 0)
        first = until(engine, job, admin_caller, begun_at_its_second_step).worker
        os.kill(running[0].pid or 0, signal.SIGSTOP)
        running.append(start_worker(settings))
        done = ended(engine, job, admin_caller)
        os.kill(running[0].pid or 0, signal.SIGCONT)
        wait_for(lambda: first in {each.id for each in engine.jobs.workers(admin_caller)})
        other = ended(engine, submit(engine, admin_caller, "slept", 1), admin_caller)

    assert (done.status, done.runs, other.status) == ("success", 2, "success")
    assert done.worker != first
    assert engine.jobs.get(job, admin_caller) == done
    assert logged(settings, admin_caller, "slept") == sorted(
        [done.execution_id, other.execution_id]
    )


def one_that_works(engine: Engine, caller: Caller, running: list[ForkServerProcess]) -> int:
    """The place of a worker that has a job just now; of the first when none has."""
    places = {process.pid: place for place, process in enumerate(running)}

    def working() -> list[int]:
        at_work = {job.worker for job in engine.jobs.search(RUNNING, caller).items}
        found = (each for each in engine.jobs.workers(caller) if each.id in at_work)
        return [places[each.pid] for each in found if each.pid in places]

    wait_for(lambda: bool(working()) or not engine.jobs.search(QUEUED, caller).items)
    return next(iter(working()), 0)


RUNNING, QUEUED = JobQuery(status="running"), JobQuery(status="queued")

"""Waits for what a job comes to; never longer than a test may take."""

import time
from collections.abc import Callable, Iterable
from uuid import UUID

from engine.facade import Engine
from engine.model import Caller
from engine.model.job import Job

PATIENCE_S = 60.0


def ended(engine: Engine, job_id: UUID, caller: Caller) -> Job:
    return until(engine, job_id, caller, lambda job: job.has_ended)


def all_ended(engine: Engine, job_ids: Iterable[UUID], caller: Caller) -> list[Job]:
    return [ended(engine, job_id, caller) for job_id in job_ids]


def until(engine: Engine, job_id: UUID, caller: Caller, holds: Callable[[Job], bool]) -> Job:
    give_up = time.monotonic() + PATIENCE_S
    while not holds(job := engine.jobs.get(job_id, caller)):
        assert time.monotonic() < give_up, job
        time.sleep(0.02)
    return job


def wait_for(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)

"""Durable jobs: their store, their queues, and the part of this process that may run them."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

from engine.bootstrap.stores import Stores
from engine.catalog import ApiCatalog
from engine.jobs import JobRunner, JobRuns, Jobs
from engine.pipeline import Pipeline
from engine.settings import Settings
from storage.durable import DurableQueue
from storage.jobs import SqlJobStore


@dataclass(frozen=True, slots=True)
class JobParts:
    """What the engine offers of jobs."""

    jobs: Jobs
    runner: JobRunner


def open_jobs(
    settings: Settings,
    stores: Stores,
    pipeline: Pipeline,
    catalog: ApiCatalog,
    opening: ExitStack,
) -> JobParts:
    """Nothing is connected or started before the first job."""
    worker = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    store = SqlJobStore(stores.database, stores.instance_key)
    queue = DurableQueue(stores.database, settings.data_dir)
    opening.callback(queue.close)
    runner = JobRunner(
        store=store,
        queue=queue,
        runs=JobRuns(store=store, pipeline=pipeline, catalog=catalog, worker=worker),
        worker=worker,
        queues=settings.queues,
        is_embedded=settings.jobs == "embedded",
        drain_s=settings.drain_seconds,
        lost_after_s=settings.worker_lost_seconds,
        kept_days=settings.job_retention_days,
    )
    opening.callback(runner.close)
    jobs = Jobs(
        store=store,
        queue=queue,
        catalog=catalog,
        settings=settings,
        wake=runner.wake,
        stop_here=runner.stop_here,
    )
    return JobParts(jobs, runner)

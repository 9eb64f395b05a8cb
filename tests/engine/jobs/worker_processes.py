"""Workers in processes of their own, which tests may kill.

They are forked from a process that has imported the program already: a worker that is started as
usual spends two seconds of a core on that, and a test that kills twenty of them would do little
else. What runs in them is `api-engine worker`.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from types import ModuleType

import dbos  # noqa: F401 - for the process that workers are forked from

from engine.cli.working import worker
from engine.facade import Engine, local_caller
from engine.settings import Settings
from tests.engine.jobs.waiting import wait_for

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", __name__])


def start_worker(settings: Settings, **more: str) -> ForkServerProcess:
    """A worker that is about to take jobs, with further settings by their variables' names."""
    process = _FORKS.Process(target=_work, args=({**_environment(settings), **more},), daemon=True)
    with _without_main():
        process.start()
    return process


@contextmanager
def workers(settings: Settings, count: int, **more: str) -> Iterator[list[ForkServerProcess]]:
    """Several workers; the list may be changed, and who is in it at the end is killed."""
    running = [start_worker(settings, **more) for _ in range(count)]
    try:
        yield running
    finally:
        for process in running:
            kill(process)


def wait_for_workers(engine: Engine, running: list[ForkServerProcess]) -> None:
    """Wait until all of them are there."""
    pids = {process.pid for process in running}

    def are_there() -> bool:
        assert all(process.is_alive() for process in running), "a worker did not start"
        return pids <= {each.pid for each in engine.jobs.workers(local_caller())}

    wait_for(are_there)


def kill(process: ForkServerProcess) -> None:
    """End a process with SIGKILL."""
    process.kill()
    process.join(10)


@contextmanager
def _without_main() -> Iterator[None]:
    """A test of a page leaves its script behind as `__main__`, which forks would run again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _environment(settings: Settings) -> Mapping[str, str]:
    url = settings.metadata_url
    return {
        "API_ENGINE_DATA_DIR": str(settings.data_dir),
        "API_ENGINE_METADATA_URL": url.get_secret_value() if url else "",
        "API_ENGINE_SAMPLE_DATA": "false",
        "API_ENGINE_LOG_LEVEL": "ERROR",
        "API_ENGINE_WORKER_LOST_SECONDS": str(settings.worker_lost_seconds),
        "API_ENGINE_JOB_QUEUES": settings.job_queues,
    }


def _work(environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    worker()

"""A release of other code goes on with what an earlier one began or had still to begin."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.facade import Engine
from engine.model import Caller
from engine.settings import Settings
from tests.engine.jobs.chain import begun_at_its_second_step, logged, publish_chain, submit
from tests.engine.jobs.waiting import ended, until
from tests.engine.jobs.worker_processes import workers

ROOT = Path(__file__).parents[3]
WORKFLOW = Path("storage/durable/process.py")
BODY = "run_job(UUID(job_id), _Checkpoints())"
CHANGED = "print(end='')  # another release\n        " + BODY


@pytest.fixture
def later_release(tmp_path: Path) -> Path:
    """The program with other code in the very function that DBOS takes for its version."""
    for package in ("engine", "storage", "sample_data"):
        shutil.copytree(ROOT / package, tmp_path / "later" / package)
    changed = tmp_path / "later" / WORKFLOW
    source = changed.read_text()
    assert source.count(BODY) == 1
    changed.write_text(source.replace(BODY, CHANGED))
    return tmp_path / "later"


def test_a_later_release_strands_no_job_of_an_earlier_one(
    tmp_path: Path, later_release: Path, admin_caller: Caller
) -> None:
    settings = Settings.load(
        data_dir=tmp_path / "data",
        jobs="workers",
        job_queues='{"default": {"concurrency": 1}}',
        sample_data=False,
        log_level="ERROR",
    )
    with Engine.open(settings) as engine:
        publish_chain(engine, admin_caller, "chain", seconds=0.5)
        with workers(settings, 1, API_ENGINE_DRAIN_SECONDS="0") as earlier:
            begun, waiting = (submit(engine, admin_caller, "chain", n) for n in (0, 1))
            before = until(engine, begun, admin_caller, begun_at_its_second_step)
            earlier[0].terminate()
            earlier[0].join(30)
        assert engine.jobs.get(waiting, admin_caller).status == "queued"

        with worker_of(later_release, settings):
            first, second = (ended(engine, job, admin_caller) for job in (begun, waiting))

    assert [job.status for job in (first, second)] == ["success", "success"]
    assert (first.runs, second.runs) == (2, 1)
    assert first.nodes[0] == before.nodes[0]
    assert len(logged(settings, admin_caller, "chain-step")) == 6


@contextmanager
def worker_of(release: Path, settings: Settings) -> Iterator[None]:
    """A worker that runs the program in a folder."""
    environment = {
        **os.environ,
        "API_ENGINE_DATA_DIR": str(settings.data_dir),
        "API_ENGINE_SAMPLE_DATA": "false",
        "API_ENGINE_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(release),
    }
    command = [sys.executable, "-m", "engine.cli", "worker"]
    process = subprocess.Popen(command, cwd=release, env=environment)
    try:
        yield
    finally:
        process.kill()
        process.wait(10)

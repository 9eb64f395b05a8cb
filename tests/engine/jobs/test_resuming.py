"""How soon a job goes on elsewhere when its worker is killed, with the settings as delivered."""

import time
from pathlib import Path

from engine.facade import Engine
from engine.model import Caller
from engine.settings import Settings
from tests.engine.jobs.chain import begun_at_its_second_step, logged, publish_chain, submit
from tests.engine.jobs.waiting import ended, until
from tests.engine.jobs.worker_processes import kill, wait_for_workers, workers

RESUMED_WITHIN_S = 15.0


def test_a_job_goes_on_elsewhere_within_15_seconds_without_what_has_ended(
    tmp_path: Path, admin_caller: Caller
) -> None:
    settings = Settings.load(
        data_dir=tmp_path, jobs="workers", sample_data=False, log_level="ERROR"
    )
    with Engine.open(settings) as engine, workers(settings, 2) as running:
        publish_chain(engine, admin_caller, "chain", seconds=0.5)
        wait_for_workers(engine, running)
        job_id = submit(engine, admin_caller, "chain", 0)
        before = until(engine, job_id, admin_caller, begun_at_its_second_step)
        pids = {each.id: each.pid for each in engine.jobs.workers(admin_caller)}
        victim = next(each for each in running if each.pid == pids[before.worker or ""])

        kill(victim)
        killed_at = time.monotonic()
        until(engine, job_id, admin_caller, lambda job: job.worker != before.worker)
        resumed_after_s = time.monotonic() - killed_at
        done = ended(engine, job_id, admin_caller)

    assert resumed_after_s < RESUMED_WITHIN_S
    assert (done.status, done.runs) == ("success", 2)
    assert done.nodes[0] == before.nodes[0]
    steps = sorted(node.execution_id for node in done.nodes if node.execution_id)
    assert logged(settings, admin_caller, "chain-step") == steps

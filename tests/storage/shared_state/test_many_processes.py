"""Real processes on one Redis act as one."""

import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from engine.ports import BreakerConfig, Settlement
from storage.shared_state.redis import RedisSharedState

PROCESSES = 4
ROOT = Path(__file__).parents[3]


def start(url, key, task):
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("worker.py")), url, key, task],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def begin(processes):
    for process in processes:
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        process.stdin.write(b"go\n")
        process.stdin.flush()


def results(url, key, task):
    processes = [start(url, key, task) for _ in range(PROCESSES)]
    begin(processes)
    return [orjson.loads(process.communicate(timeout=30)[0]) for process in processes]


@pytest.fixture
def state(redis_url):
    state = RedisSharedState(redis_url, timeout_s=10)
    yield state
    state.close()


def test_four_processes_hammering_one_limit_admit_what_one_would(redis_url, name):
    admitted = results(redis_url, name, "hammer")

    assert sum(admitted) == 100


def test_failures_spread_over_four_processes_trip_once(redis_url, name, state):
    attempts = results(redis_url, name, "fail")

    events = state.breaker_events(name, 10)
    assert [event.to_state for event in events] == ["open"]
    assert state.breaker(name).trips == 1
    # At the trip each of the others may have one attempt under way.
    assert 5 <= sum(attempts) <= 5 + PROCESSES - 1


def test_forty_cold_callers_in_four_processes_load_once(redis_url, name):
    outcomes = results(redis_url, name, "load")

    assert sum(outcome["loads"] for outcome in outcomes) == 1
    assert [got for outcome in outcomes for got in outcome["got"]] == ['"loaded"'] * 40


def test_a_trial_call_whose_process_was_killed_frees_its_place(redis_url, name, state):
    breaker = BreakerConfig(name, failure_threshold=1, open_s=0.05, lease_s=0.4)
    permit = state.permit(breaker)
    state.settle(Settlement(breaker=breaker, permit=permit, outcome="failure"))
    time.sleep(0.06)

    process = start(redis_url, name, "probe")
    begin([process])
    probe = orjson.loads(process.stdout.readline())
    while_held = state.permit(breaker)
    process.kill()
    process.communicate()
    time.sleep(0.45)

    assert probe == {"allowed": True, "state": "half-open"}
    assert not while_held.allowed
    assert state.permit(breaker).allowed

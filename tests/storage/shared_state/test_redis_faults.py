"""Redis killed, hung and restarted under load: nothing fails, nothing waits, it comes back."""

import os
import signal
import threading
import time

import pytest
import redis

from engine.ports import Admission, BreakerConfig, CacheKey, CacheWrite, LimitRule, Settlement
from storage.shared_state.fallback import FallbackSharedState
from storage.shared_state.memory import MemorySharedState
from storage.shared_state.redis import RedisSharedState

LONGEST_WAIT_S = 0.3
COOLDOWN_S = 0.5


class Load:
    """Threads that admit and settle without pause, and what they met."""

    def __init__(self, state, threads=6):
        self.state = state
        self.errors = []
        self.longest_s = 0.0
        self.calls = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(threads)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number):
        limit = LimitRule("per_api", "default/load", 10**9, 60)
        breaker = BreakerConfig("default/load")
        answer = CacheKey(f"default/load/{number}", ("default/*",))
        while not self._stop.is_set():
            began = time.perf_counter()
            try:
                self._call(limit, breaker, answer)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to see it
                self.errors.append(error)
            self.longest_s = max(self.longest_s, time.perf_counter() - began)
            self.calls += 1
            time.sleep(0.002)

    def _call(self, limit, breaker, answer):
        admitted = self.state.admit(Admission(limits=(limit,), cache=answer, breaker=breaker))
        write = CacheWrite(answer, b"1", 0.01, 0.01, admitted.generations)
        self.state.settle(
            Settlement(breaker=breaker, permit=admitted.permit, outcome="success", write=write)
        )


@pytest.fixture
def state(redis_server):
    shared = RedisSharedState(redis_server.url)
    memory = MemorySharedState(cache_bytes=1_048_576)
    yield FallbackSharedState(shared, memory, cooldown_s=COOLDOWN_S)
    shared.close()


def pid_of(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        return client.info("server")["process_id"]


def wait_for(state, backend):
    end = time.monotonic() + 5
    while state.backend != backend and time.monotonic() < end:
        time.sleep(0.01)
    assert state.backend == backend


def test_killed_and_started_again_under_load(state, redis_server):
    with Load(state) as load:
        time.sleep(0.2)
        redis_server.kill()
        wait_for(state, "memory (redis unavailable)")
        calls_before = load.calls
        time.sleep(0.3)
        calls_while_away = load.calls - calls_before
        redis_server.start()
        wait_for(state, "redis")
        time.sleep(0.2)

    assert load.errors == []
    assert calls_while_away > 50
    assert load.longest_s < LONGEST_WAIT_S


def test_hung_under_load(state, redis_server):
    pid = pid_of(redis_server)
    with Load(state) as load:
        time.sleep(0.2)
        os.kill(pid, signal.SIGSTOP)
        wait_for(state, "memory (redis unavailable)")
        # Long enough for a trial that meets the hung server.
        time.sleep(COOLDOWN_S + 0.5)
        still_away = state.backend
        os.kill(pid, signal.SIGCONT)
        wait_for(state, "redis")

    assert load.errors == []
    assert still_away == "memory (redis unavailable)"
    assert load.longest_s < LONGEST_WAIT_S


def test_absent_from_the_start(free_port):
    shared = RedisSharedState(f"redis://127.0.0.1:{free_port()}/0")
    state = FallbackSharedState(shared, MemorySharedState(cache_bytes=1_048_576))

    with Load(state) as load:
        time.sleep(0.2)

    assert load.errors == []
    assert load.calls > 50
    assert state.backend == "memory (redis unavailable)"
    assert load.longest_s < LONGEST_WAIT_S

"""One process of many that share a Redis; prints what it saw as JSON.

worker.py URL KEY TASK, where the task is one of the functions below; begins when told on stdin.
"""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import orjson

from engine.deadline import Deadline
from engine.executor_cache import APICacheService
from engine.model import CachePolicy, Payload
from engine.ports import Admission, BreakerConfig, CacheKey, LimitRule, Settlement
from storage.shared_state.redis import RedisSharedState


def hammer(state, key):
    """Call a limit of 100 in 60 s for a while; how many calls were admitted."""
    limit = LimitRule("per_api", key, 100, 60)
    return sum(state.admit(Admission(limits=(limit,))).refused is None for _ in range(200))


def fail(state, key):
    """Report failures until the circuit refuses; how many attempts reached the target."""
    breaker = BreakerConfig(key, failure_threshold=5, open_s=60)
    attempts = 0
    for _ in range(20):
        permit = state.permit(breaker)
        if permit.allowed:
            attempts += 1
            state.settle(Settlement(breaker=breaker, permit=permit, outcome="failure"))
    return attempts


def probe(state, key):
    """Take a trial call's place and never come back."""
    permit = state.permit(BreakerConfig(key, failure_threshold=1, open_s=0.05, lease_s=0.4))
    sys.stdout.buffer.write(orjson.dumps({"allowed": permit.allowed, "state": permit.state}))
    sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()
    time.sleep(60)


def load(state, key):
    """Ten callers want an answer that takes 0.3 s; how many loaded it, and what all got."""
    answer = CacheKey(key, (f"{key}/tag",))
    cache = APICacheService(state, render=lambda text, _: text, pool=ThreadPoolExecutor(1))
    loads, got, lock = [], [], threading.Lock()

    def call(_):
        admitted = state.admit(Admission(cache=answer))
        found = cache.read(admitted.entry)
        if found is None:
            with cache.flight(answer, admitted.generations, Deadline.after(5)) as flight:
                if flight.answer is None:
                    time.sleep(0.3)
                    payload = Payload(json=b'"loaded"')
                    state.settle(
                        Settlement(
                            write=cache.write_for(
                                answer, payload, CachePolicy(), admitted.generations
                            )
                        )
                    )
                    flight.publish(payload)
                    with lock:
                        loads.append(1)
                found = flight.answer
        with lock:
            got.append(found.payload.json.decode() if found else "nothing")

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(call, range(10)))
    return {"loads": len(loads), "got": got}


def main() -> None:
    url, key, task = sys.argv[1:]
    state = RedisSharedState(url, timeout_s=10)
    state.ping()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    result = {"hammer": hammer, "fail": fail, "probe": probe, "load": load}[task](state, key)
    sys.stdout.buffer.write(orjson.dumps(result))


if __name__ == "__main__":
    main()

"""Of identical calls at once one loads, and the others share what came of it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from engine.deadline import Deadline
from engine.errors import DeadlineExceededError, TargetUnavailableError
from engine.executor_cache import APICacheService
from engine.model import CachePolicy, Payload
from engine.ports import Admission, CacheKey, Settlement

WHERE = CacheKey("default/answer", ("default/*",))
PAYLOAD = Payload(json=b"1")


@pytest.fixture
def generations(shared):
    return shared.admit(Admission(cache=WHERE)).generations


@pytest.fixture
def callers():
    with ThreadPoolExecutor(16) as callers:
        yield callers


def soon():
    return Deadline.after(5)


def led(cache, generations, done):
    """Lead a flight that lands when `done` is set; what `done` decides happens inside."""
    begun = Event()

    def lead():
        with cache.flight(WHERE, generations, soon()) as flight:
            begun.set()
            done(flight)

    return lead, begun


def test_forty_callers_at_once_load_once(cache, shared, generations):
    together, loads = Barrier(40), []
    write = cache.write_for(WHERE, PAYLOAD, CachePolicy(), generations)

    def call(_):
        together.wait(5)
        with cache.flight(WHERE, generations, soon()) as flight:
            if flight.leader:
                Event().wait(0.05)
                loads.append(1)
                shared.settle(Settlement(write=write))
                flight.publish(PAYLOAD)
            return flight.answer.payload

    with ThreadPoolExecutor(40) as callers:
        answers = list(callers.map(call, range(40)))

    assert answers == [PAYLOAD] * 40
    assert loads == [1]


def test_a_follower_gets_the_leaders_answer(cache, generations, callers):
    go = Event()

    def publish(flight):
        go.wait(5)
        flight.publish(PAYLOAD)

    lead, begun = led(cache, generations, publish)
    callers.submit(lead)
    begun.wait(5)
    follower = callers.submit(follow, cache, generations)
    go.set()

    assert follower.result(5) == PAYLOAD


def follow(cache, generations, deadline=None):
    with cache.flight(WHERE, generations, deadline or soon()) as flight:
        return flight.answer.payload if flight.answer else "leads"


def test_a_follower_fails_as_its_leader_did(cache, generations, callers):
    go = Event()

    def fail(flight):
        go.wait(5)
        flight.fail(TargetUnavailableError("gone"))

    lead, begun = led(cache, generations, fail)
    callers.submit(lead)
    begun.wait(5)
    follower = callers.submit(follow, cache, generations)
    Event().wait(0.02)
    go.set()

    with pytest.raises(TargetUnavailableError, match="gone"):
        follower.result(5)


def test_a_leader_that_leaves_without_a_word_passes_the_lead_on(cache, generations, callers):
    go = Event()
    lead, begun = led(cache, generations, lambda _: go.wait(5))
    callers.submit(lead)
    begun.wait(5)
    follower = callers.submit(follow, cache, generations)
    Event().wait(0.02)
    go.set()

    assert follower.result(5) == "leads"


def test_a_follower_waits_until_its_own_deadline(cache, generations, callers):
    go = Event()
    lead, begun = led(cache, generations, lambda _: go.wait(5))
    callers.submit(lead)
    begun.wait(5)

    with pytest.raises(DeadlineExceededError, match="identical call"):
        follow(cache, generations, Deadline.after(0.05))
    go.set()


def test_who_asks_after_an_invalidation_does_not_join_an_older_load(
    cache, shared, generations, callers
):
    go = Event()
    lead, begun = led(cache, generations, lambda _: go.wait(5))
    callers.submit(lead)
    begun.wait(5)

    shared.invalidate(["default/*"])
    later = shared.admit(Admission(cache=WHERE)).generations
    outcome = follow(cache, later)
    go.set()

    assert outcome == "leads"


def test_flights_of_different_answers_do_not_meet(cache, generations):
    other = CacheKey("default/other", WHERE.tags)

    with (
        cache.flight(WHERE, generations, soon()) as first,
        cache.flight(other, generations, soon()) as second,
    ):
        assert first.leader
        assert second.leader


def test_an_answer_stored_by_another_process_meanwhile_is_taken(cache, store, generations):
    store(WHERE, PAYLOAD, CachePolicy(ttl_seconds=10))

    assert follow(cache, generations) == PAYLOAD


def test_a_waiter_loads_itself_when_the_process_that_leads_has_died(shared, pool, generations):
    naps: list[float] = []
    cache = APICacheService(shared, render=lambda text, _: text, pool=pool, sleep=naps.append)
    shared.lock(f"{WHERE.key}:{generations}", 60)

    outcome = follow(cache, generations, Deadline.after(0.1))

    assert outcome == "leads"
    assert len(naps) > 1


def test_the_lease_is_given_back_when_the_load_fails(cache, shared, generations):
    with pytest.raises(ZeroDivisionError), cache.flight(WHERE, generations, soon()):
        raise ZeroDivisionError

    assert shared.lock(f"{WHERE.key}:{generations}", 1)

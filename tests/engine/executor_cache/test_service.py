"""Lifetimes, envelopes and invalidation of cached answers."""

import logging
from threading import Event
from uuid import UUID

import pytest

from engine.errors import TargetUnavailableError
from engine.executor_cache import APICacheService
from engine.executor_cache.service import MAX_VALUE_BYTES
from engine.model import CachePolicy, Caller, Payload, Step
from engine.ports import Admission, CachedEntry, CacheKey

ADA = Caller(subject="ada")
POLICY = CachePolicy(enabled=True, ttl_seconds=10)


@pytest.fixture
def where(api, cache):
    return cache.locate(api(), ("flights",), {"origin": "JFK"}, None, ADA)


@pytest.fixture
def find(cache, shared):
    """A function that looks an answer up as a call does."""
    return lambda where: cache.read(shared.admit(Admission(cache=where)).entry)


def test_an_answer_comes_back_with_what_is_known_about_it(cache, store, find, where):
    payload = Payload(
        json=b'{"rows":[{"a":1}],"note":"\\n"}',
        row_count=1,
        truncated=True,
        warnings=("cut at 1 row",),
        response_status=203,
        steps=(Step(node_id="collect", status="success", row_count=1, attempts=2),),
    )

    store(where, payload, POLICY)
    answer = find(where)

    assert answer.payload == payload
    assert (answer.fresh, answer.age_s, answer.stale_s) == (True, 0, 0)


def test_an_answer_is_fresh_for_its_ttl_and_then_gone(store, find, where, clock):
    store(where, Payload(json=b"1"), POLICY)

    clock.advance(9.9)
    fresh = find(where)
    clock.advance(0.2)

    assert fresh.fresh
    assert find(where) is None


def test_the_grace_periods_decide_what_a_stale_answer_may_do(cache, store, find, where, clock):
    policy = CachePolicy(
        ttl_seconds=10, stale_while_revalidate_seconds=5, stale_if_error_seconds=60
    )
    store(where, Payload(json=b"1"), policy)

    def verdicts():
        answer = find(where)
        return cache.may_revalidate(answer, policy), cache.may_cover_error(answer, policy)

    fresh = verdicts()
    clock.advance(14)
    stale = verdicts()
    clock.advance(2)
    staler = verdicts()
    clock.advance(55)

    assert (fresh, stale, staler) == ((False, False), (True, True), (False, True))
    assert find(where) is None


@pytest.mark.parametrize(("chance", "fresh_s"), [(0.0, 8), (0.5, 10), (1.0, 12)])
def test_jitter_spreads_the_ttl_to_both_sides(shared, pool, where, chance, fresh_s):
    cache = APICacheService(shared, render=as_it_is, pool=pool, chance=lambda: chance)
    policy = CachePolicy(ttl_seconds=10, jitter=0.2, stale_if_error_seconds=5)

    write = cache.write_for(where, Payload(json=b"1"), policy, "")

    assert write
    assert write.fresh_s == pytest.approx(fresh_s)
    assert write.keep_s == pytest.approx(fresh_s + 5)


def test_an_answer_that_is_too_large_is_not_stored(cache, where):
    huge = Payload(json=b"1" * MAX_VALUE_BYTES)

    assert cache.write_for(where, huge, POLICY, "") is None


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"not ours",
        b"null\n1",
        b"[]\n1",
        b'{"format":"another/1"}\n1',
        pytest.param(lambda value: value[:-1], id="cut"),
        pytest.param(lambda value: value.replace(b"JFK", b"LGA"), id="changed"),
        pytest.param(lambda value: value.replace(b'"steps":[]', b'"steps":[7]'), id="steps"),
        pytest.param(lambda value: value.replace(b'"steps":[]', b'"stops":[]'), id="lacking"),
    ],
)
def test_a_damaged_or_foreign_entry_is_a_miss(cache, where, damaged):
    sealed = cache.write_for(where, Payload(json=b'{"origin":"JFK"}'), POLICY, "").value
    value = damaged(sealed) if callable(damaged) else damaged

    assert value != sealed
    assert cache.read(CachedEntry(value, age_s=0, fresh=True)) is None


def test_no_entry_is_a_miss(cache):
    assert cache.read(None) is None


def test_invalidation_by_api_tag_or_tenant_stays_in_the_tenant(cache, api, store, find):
    theirs = cache.locate(api(tenant="other"), ("flights",), {}, None, ADA)
    own = cache.locate(api(), ("flights",), {}, None, ADA)
    store(theirs, Payload(json=b"1"), POLICY)

    for invalidate in (
        lambda: cache.invalidate_api("default", UUID(int=1)),
        lambda: cache.invalidate_tag("default", "table:flights"),
        lambda: cache.invalidate_all("default"),
    ):
        store(own, Payload(json=b"1"), POLICY)
        assert find(own)
        assert invalidate() == 1
        assert find(own) is None
        assert find(theirs)


def test_a_purge_can_be_previewed(cache, api, store):
    first, second = (cache.locate(api(number=n), ("flights",), {}, None, ADA) for n in (1, 2))
    for where in (first, second):
        store(where, Payload(json=b"1"), POLICY)

    assert cache.keys_of_api("default", UUID(int=1)) == (first.key,)
    assert set(cache.keys_of_tag("default", "table:flights")) == {first.key, second.key}
    assert set(cache.keys("default")) == {first.key, second.key}
    assert cache.keys("other") == ()
    cache.invalidate_api("default", UUID(int=1))
    assert cache.keys("default") == (second.key,)


def test_the_statistics_name_the_backend_and_the_hit_rate(cache, store, find, where):
    store(where, Payload(json=b"1"), POLICY)
    find(where)

    stats = cache.stats()

    assert (stats.backend, stats.hits, stats.misses, stats.memory_items) == ("memory", 1, 1, 1)
    assert stats.hit_rate == 0.5


def test_the_memory_keeps_the_latest_used_answers_within_its_bytes(cache, shared, store, find):
    megabyte = Payload(json=b'"' + b"x" * 400_000 + b'"')
    places = [CacheKey(f"default/{number}", ()) for number in range(3)]

    store(places[0], megabyte, POLICY)
    store(places[1], megabyte, POLICY)
    find(places[0])
    store(places[2], megabyte, POLICY)

    assert [find(place) is not None for place in places] == [True, False, True]
    assert shared.cache_stats().memory_bytes <= 1_048_576


def test_a_stale_answer_is_refreshed_once_in_the_background(cache, where):
    begun, go, loads = Event(), Event(), []

    def load():
        begun.set()
        go.wait(5)
        loads.append(1)

    first = cache.revalidate(where, 5, load)
    begun.wait(5)
    second = cache.revalidate(where, 5, load)
    go.set()

    assert (first, second) == (True, False)
    wait_until_refreshed(cache, where)
    assert loads == [1]


def test_another_process_that_refreshes_is_left_to_it(cache, shared, where):
    shared.lock(f"refresh:{where.key}", 60)
    loads = []

    cache.revalidate(where, 5, lambda: loads.append(1))

    wait_until_refreshed(cache, where)
    assert loads == []


def test_what_was_refreshed_meanwhile_is_not_loaded_again(cache, store, where):
    store(where, Payload(json=b"1"), POLICY)
    loads = []

    cache.revalidate(where, 5, lambda: loads.append(1))

    wait_until_refreshed(cache, where)
    assert loads == []


def test_a_refresh_that_fails_is_logged_and_can_be_tried_again(cache, where, caplog):
    def load():
        raise TargetUnavailableError("the database is gone")

    cache.revalidate(where, 5, load)
    wait_until_refreshed(cache, where)

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "the database is gone" in caplog.text
    assert cache.revalidate(where, 5, lambda: None)


def test_a_closed_pool_refreshes_nothing_and_fails_nobody(cache, pool, where):
    pool.shutdown()

    assert not cache.revalidate(where, 5, lambda: None)


def as_it_is(text, _names):
    return text


def wait_until_refreshed(cache, where):
    pause = Event()
    for _ in range(500):
        if where.key not in cache._refreshing:
            return
        pause.wait(0.002)
    pytest.fail("the refresh did not end")

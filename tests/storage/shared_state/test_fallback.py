"""Leaving Redis when it fails, returning by itself, and what is made up for."""

import logging
from dataclasses import replace

import orjson
import pytest

from engine.errors import StoreUnavailableError
from engine.ports import Admission, CacheWrite, LimitRule, Settlement
from storage.shared_state.fallback import FallbackSharedState
from storage.shared_state.memory import MemorySharedState
from storage.shared_state.redis import RedisSharedState

AWAY = "memory (redis unavailable)"


@pytest.fixture
def shared(redis_server):
    state = RedisSharedState(redis_server.url, timeout_s=10)
    yield state
    state.close()


@pytest.fixture
def fallback(shared, clock):
    return FallbackSharedState(shared, MemorySharedState(cache_bytes=1_048_576), clock=clock)


def store(state, answer, value):
    generations = state.admit(Admission(cache=answer)).generations
    state.settle(Settlement(write=CacheWrite(answer, value, 60, 60, generations)))


def value_of(state, answer):
    entry = state.admit(Admission(cache=answer)).entry
    return entry and entry.value


def test_it_says_so_when_redis_goes_and_when_it_is_back(fallback, redis_server, clock, caplog):
    fallback.ping()
    redis_server.kill()

    fallback.usage([])
    while_away = fallback.backend
    with pytest.raises(StoreUnavailableError):
        fallback.ping()
    redis_server.start()
    clock.advance(5)
    fallback.ping()

    assert while_away == AWAY
    assert fallback.backend == "redis"
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert "in memory" in warnings[0]
    assert "Redis is back" in warnings[1]


def test_redis_is_left_alone_during_the_cooldown(fallback, redis_server, clock, name):
    redis_server.kill()
    fallback.lock(name, 1)
    redis_server.start()

    clock.advance(4.9)
    fallback.lock(f"{name} again", 1)
    early = fallback.backend
    clock.advance(0.1)
    fallback.lock(f"{name} again", 1)

    assert early == AWAY
    assert fallback.backend == "redis"


def test_an_invalidation_that_redis_missed_is_made_up_for(
    fallback, shared, redis_server, clock, answer
):
    store(fallback, answer, b"old")
    shared._client.execute_command("SAVE")
    redis_server.kill()

    fallback.invalidate([answer.tags[0]])
    redis_server.start()
    clock.advance(5)

    assert value_of(shared, answer) == b"old"
    assert value_of(fallback, answer) is None
    assert value_of(shared, answer) is None


def test_a_breaker_that_was_forced_meanwhile_is_forced_in_redis(
    fallback, shared, redis_server, clock, breaker
):
    redis_server.kill()
    fallback.set_breaker(breaker.key, "forced_open", reason="upgrade", by="ada")
    redis_server.start()
    clock.advance(5)

    fallback.ping()

    assert shared.breaker(breaker.key).mode == "forced_open"
    assert shared.breaker(breaker.key).changed_by == "ada"


def test_what_memory_cached_meanwhile_is_dropped(fallback, redis_server, clock, answer):
    redis_server.kill()
    store(fallback, answer, b"from memory")
    while_away = value_of(fallback, answer)
    redis_server.start()
    clock.advance(5)
    back = value_of(fallback, answer)
    redis_server.kill()

    assert while_away == b"from memory"
    assert back is None
    assert value_of(fallback, answer) is None
    assert fallback.backend == AWAY


def test_a_load_begun_in_one_backend_is_not_stored_in_the_other(
    fallback, redis_server, clock, answer
):
    begun_in_redis = fallback.admit(Admission(cache=answer)).generations
    redis_server.kill()
    fallback.settle(Settlement(write=CacheWrite(answer, b"1", 60, 60, begun_in_redis)))
    stored_in_memory = value_of(fallback, answer)
    begun_in_memory = fallback.admit(Admission(cache=answer)).generations
    redis_server.start()
    clock.advance(5)
    fallback.settle(Settlement(write=CacheWrite(answer, b"1", 60, 60, begun_in_memory)))

    assert stored_in_memory is None
    assert value_of(fallback, answer) is None


def test_limits_and_breakers_hold_in_memory_while_redis_is_away(
    fallback, redis_server, name, breaker
):
    redis_server.kill()
    limit = LimitRule("per_api", name, 2, 60)
    hair_trigger = replace(breaker, failure_threshold=1)

    outcomes = [fallback.admit(Admission(limits=(limit,))).refused for _ in range(3)]
    permit = fallback.permit(hair_trigger)
    fallback.settle(Settlement(breaker=hair_trigger, permit=permit, outcome="failure"))

    assert [bool(refused) for refused in outcomes] == [False, False, True]
    assert not fallback.permit(hair_trigger).allowed


def test_a_server_that_lost_its_scripts_is_given_them_again(shared, name):
    limit = LimitRule("per_api", name, 5, 60)
    shared.admit(Admission(limits=(limit,)))

    shared._client.execute_command("SCRIPT", "FLUSH")

    assert shared.admit(Admission(limits=(limit,))).limits[0].remaining == 3


@pytest.mark.parametrize(
    "damage",
    [
        ("SET", "{entry}", "not a hash"),
        ("HSET", "{entry}", "stored_ms", "soon"),
        ("HDEL", "{entry}", "keep_until_ms"),
        ("HSET", "{entry}", "generations", "r:7,7"),
    ],
)
def test_a_damaged_or_foreign_entry_is_a_miss_and_is_replaced(shared, answer, damage):
    store(shared, answer, b"1")
    entry = f"{{api-engine}}:answer:{answer.key}"

    shared._client.execute_command(*[part.replace("{entry}", entry) for part in damage])

    assert value_of(shared, answer) is None
    store(shared, answer, b"2")
    assert value_of(shared, answer) == b"2"


def test_transitions_are_published(shared, breaker):
    subscription = shared._client.pubsub()
    subscription.subscribe("{api-engine}:breaker-transitions")
    subscription.get_message(timeout=1)

    shared.set_breaker(breaker.key, "forced_open", reason="upgrade", by="ada")

    message = subscription.get_message(timeout=1)
    subscription.close()
    event = orjson.loads(message["data"])
    assert (event["key"], event["to_state"]) == (breaker.key, "forced_open")


def test_everything_an_instance_keeps_lies_in_one_slot_of_a_cluster(shared, name, answer, breaker):
    limit = LimitRule("per_api", name, 5, 60)
    shared.admit(Admission(limits=(limit,), cache=answer, breaker=breaker))
    store(shared, answer, b"1")
    shared.invalidate(answer.tags[:1])
    shared.set_breaker(breaker.key, "disabled", reason="test", by="ada")
    shared.lock(name, 5)

    keys = shared._client.keys("*")

    assert len(keys) >= 7
    assert all(key.startswith(b"{api-engine}:") for key in keys)

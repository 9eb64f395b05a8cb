"""The answer cache, the same in every implementation."""

from dataclasses import replace

from engine.ports import Admission, CacheKey, CacheWrite, Settled, Settlement


def look_up(state, answer):
    return state.admit(Admission(cache=answer))


def store(state, answer, value=b"1", *, fresh_s=10, keep_s=30, generations=None):
    seen = look_up(state, answer).generations if generations is None else generations
    write = CacheWrite(answer, value, fresh_s, keep_s, seen)
    state.settle(Settlement(write=write))


def value_of(state, answer):
    entry = look_up(state, answer).entry
    return entry and entry.value


def test_an_answer_is_found_with_its_age_until_its_time_is_over(state, answer, clock):
    store(state, answer, b'{"a": 1}')

    clock.advance(9.999)
    fresh = look_up(state, answer).entry
    clock.advance(0.001)
    stale = look_up(state, answer).entry
    clock.advance(20)
    gone = look_up(state, answer).entry

    assert (fresh.value, fresh.age_s, fresh.fresh) == (b'{"a": 1}', 9.999, True)
    assert (stale.value, stale.age_s, stale.fresh) == (b'{"a": 1}', 10, False)
    assert gone is None


def test_bytes_come_back_as_they_were(state, answer):
    value = bytes(range(256)) * 40

    store(state, answer, value)

    assert value_of(state, answer) == value


def test_a_later_answer_takes_the_place_of_an_earlier_one(state, answer):
    store(state, answer, b"1")
    store(state, answer, b"2")

    assert value_of(state, answer) == b"2"


def test_invalidating_any_of_its_tags_makes_an_answer_a_miss(state, answer):
    for tag in answer.tags:
        store(state, answer)

        assert state.invalidate([tag]) == 1
        assert value_of(state, answer) is None


def test_invalidating_another_tag_leaves_it(state, answer, name):
    store(state, answer)

    state.invalidate([f"{name}/table:planes"])

    assert value_of(state, answer) == b"1"


def test_a_load_begun_before_an_invalidation_is_not_stored(state, answer):
    before = look_up(state, answer).generations

    state.invalidate([answer.tags[1]])
    store(state, answer, generations=before)

    assert value_of(state, answer) is None


def test_an_older_load_does_not_displace_a_newer_answer(state, answer):
    before = look_up(state, answer).generations
    state.invalidate([answer.tags[1]])
    store(state, answer, b"newer")

    store(state, answer, b"older", generations=before)

    assert value_of(state, answer) == b"newer"


def test_generations_of_another_state_are_not_believed(state, answer, open_state, clock):
    foreign = open_state("memory", clock)
    elsewhere = look_up(foreign, answer).generations

    store(state, answer, generations=elsewhere)

    assert value_of(state, answer) is None


def test_an_answer_without_tags_is_kept_too(state, name):
    untagged = CacheKey(name, ())

    store(state, untagged)

    assert value_of(state, untagged) == b"1"


def test_peeking_finds_what_looking_up_finds(state, answer):
    missed = state.peek(answer)
    store(state, answer)

    assert missed is None
    assert state.peek(answer).value == b"1"


def test_keys_under_a_tag_are_listed_while_they_are_valid(state, answer, name, clock):
    other = CacheKey(f"{name}-other", answer.tags[:1])
    store(state, answer, keep_s=30)
    store(state, other, keep_s=60)
    all_tag, table_tag = answer.tags

    both = state.cache_keys(all_tag, 10)
    of_table = state.cache_keys(table_tag, 10)
    state.invalidate([table_tag])

    assert set(both) == {answer.key, other.key}
    assert len(state.cache_keys(all_tag, 1)) == 1
    assert of_table == (answer.key,)
    assert state.cache_keys(all_tag, 10) == (other.key,)
    clock.advance(60)
    assert state.cache_keys(all_tag, 10) == ()


def test_counters_tell_hits_misses_stale_hits_and_stores(state, answer, clock):
    before = state.cache_stats()
    store(state, answer)
    look_up(state, answer)
    look_up(state, answer)
    clock.advance(10)
    look_up(state, answer)
    state.peek(answer)

    after = state.cache_stats()

    assert after.backend == state.backend
    assert after.misses - before.misses == 1
    assert after.hits - before.hits == 2
    assert after.stale - before.stale == 1
    assert after.stores - before.stores == 1
    assert 0 < after.hit_rate < 1


def test_breaker_and_answer_are_settled_together(state, answer, breaker):
    admitted = state.admit(Admission(cache=answer, breaker=breaker))

    after = state.settle(
        Settlement(
            breaker=breaker,
            permit=admitted.permit,
            outcome="success",
            write=CacheWrite(answer, b"1", 10, 10, admitted.generations),
        )
    )

    assert after == Settled("closed")
    assert value_of(state, answer) == b"1"


def test_an_answer_that_must_not_be_kept_is_not(state, answer):
    store(state, answer, fresh_s=0, keep_s=0)

    assert value_of(state, answer) is None


def test_tags_in_another_order_are_another_answer(state, answer):
    store(state, answer)
    state.invalidate([answer.tags[0]])
    store(state, answer)

    swapped = replace(answer, tags=answer.tags[::-1])

    assert value_of(state, swapped) is None

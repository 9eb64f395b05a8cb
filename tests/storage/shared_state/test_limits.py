"""Rate and concurrency limits, the same in every implementation."""

from engine.ports import Admission, LimitLevel, LimitRule


def rules(name, **limits) -> tuple[LimitRule, ...]:
    levels: tuple[LimitLevel, ...] = ("per_api", "per_user", "per_tenant")
    return tuple(
        LimitRule(level, f"{name}/{level}", limits[level], 60)
        for level in levels
        if level in limits
    )


def admit(state, limits):
    return state.admit(Admission(limits=limits))


def test_a_limit_admits_its_number_of_calls_and_refuses_the_next(state, name):
    limits = rules(name, per_api=3)

    remaining = [admit(state, limits).limits[0].remaining for _ in range(3)]
    refused = admit(state, limits).refused

    assert remaining == [2, 1, 0]
    assert (refused.level, refused.limit, refused.remaining) == ("per_api", 3, 0)


def test_a_refusal_says_when_there_is_room_again_and_then_there_is(state, name, clock):
    limits = rules(name, per_api=2)
    admit(state, limits)
    clock.advance(10)
    admit(state, limits)

    refused = admit(state, limits).refused
    clock.advance(refused.reset_s - 0.001)
    still_refused = admit(state, limits).refused
    clock.advance(0.001)
    admitted = admit(state, limits)

    assert refused.reset_s == 50
    assert still_refused
    assert not admitted.refused


def test_calls_a_sixtieth_of_the_window_apart_leave_it_apart(state, name, clock):
    limits = rules(name, per_api=2)
    clock.advance(60 - clock() % 60)
    admit(state, limits)
    clock.advance(1)
    admit(state, limits)

    clock.advance(59)

    assert not admit(state, limits).refused
    assert admit(state, limits).refused


def test_the_window_slides_and_does_not_restart_at_a_boundary(state, name, clock):
    limits = rules(name, per_api=10)
    clock.advance(59 - clock() % 60)
    for _ in range(10):
        admit(state, limits)

    clock.advance(2)

    assert admit(state, limits).refused


def test_all_levels_admit_or_none_is_counted(state, name):
    limits = rules(name, per_api=10, per_user=2, per_tenant=10)
    admit(state, limits)
    admit(state, limits)

    refused = admit(state, limits)
    uses = state.usage(limits)

    assert refused.refused.level == "per_user"
    assert [use.remaining for use in refused.limits] == [8, 0, 8]
    assert [use.remaining for use in uses] == [8, 0, 8]


def test_a_refused_call_asks_neither_cache_nor_breaker(state, name, answer, breaker):
    limits = rules(name, per_api=1)
    admit(state, limits)

    refused = state.admit(Admission(limits=limits, cache=answer, breaker=breaker))

    assert (refused.entry, refused.permit, refused.generations) == (None, None, "")


def test_looking_at_usage_counts_nothing(state, name):
    limits = rules(name, per_api=3)

    before = state.usage(limits)
    state.usage(limits)
    admit(state, limits)

    assert (before[0].remaining, before[0].reset_s) == (3, 0)
    assert state.usage(limits)[0].remaining == 2


def test_limits_that_count_something_are_listed_by_prefix(state, name, clock):
    prefix = f"{name}[*]"
    limits = rules(prefix, per_api=3, per_user=3)
    admit(state, limits)
    admit(state, rules(f"{name}xyz", per_api=3))

    listed = state.limit_keys(prefix, 10)

    assert listed == (f"{prefix}/per_api", f"{prefix}/per_user")
    assert len(state.limit_keys(prefix, 1)) == 1


def test_a_call_without_limits_is_admitted(state):
    assert admit(state, ()).limits == ()


def test_a_limit_can_be_lowered_and_raised_while_calls_are_counted(state, name):
    for _ in range(3):
        admit(state, rules(name, per_api=3))

    assert admit(state, rules(name, per_api=2)).refused
    assert admit(state, rules(name, per_api=4)).limits[0].remaining == 0


def test_places_are_limited_and_come_back_when_left(state, name):
    first, second = state.enter(name, 2, 60), state.enter(name, 2, 60)
    refused = state.enter(name, 2, 60)

    state.leave(name, first)

    assert second
    assert refused is None
    assert state.enter(name, 2, 60)


def test_a_place_whose_holder_died_is_free_when_its_lease_ends(state, name, clock):
    state.enter(name, 1, 5)

    clock.advance(4.999)
    held = state.enter(name, 1, 5)
    clock.advance(0.001)

    assert held is None
    assert state.enter(name, 1, 5)


def test_a_lock_has_one_holder_until_it_is_given_back(state, name):
    token = state.lock(name, 5)
    refused = state.lock(name, 5)

    state.unlock(name, "somebody else's")
    still_refused = state.lock(name, 5)
    state.unlock(name, token)

    assert (refused, still_refused) == (None, None)
    assert state.lock(name, 5)


def test_a_lock_and_a_place_of_the_same_name_do_not_meet(state, name):
    assert state.enter(name, 1, 5)
    assert state.lock(name, 5)

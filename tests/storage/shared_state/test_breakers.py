"""Circuit breakers, the same in every implementation."""

from dataclasses import replace

import pytest

from engine.ports import Admission, CacheWrite, Settled, Settlement


def attempt(state, breaker, outcome):
    permit = state.permit(breaker)
    return state.settle(Settlement(breaker=breaker, permit=permit, outcome=outcome)).state


def trip(state, breaker):
    for _ in range(breaker.failure_threshold):
        attempt(state, breaker, "failure")


def test_it_opens_after_the_threshold_of_failures_in_a_row(state, breaker):
    states = [attempt(state, breaker, "failure") for _ in range(3)]
    permit = state.permit(breaker)

    assert states == ["closed", "closed", "open"]
    assert (permit.allowed, permit.state, permit.failures) == (False, "open", 3)
    assert permit.retry_after_s == 60


def test_a_success_forgets_the_failures_before_it(state, breaker):
    for outcome in ("failure", "failure", "success", "failure", "failure"):
        after = attempt(state, breaker, outcome)

    assert after == "closed"
    assert state.breaker(breaker.key).failures == 2


def test_what_was_not_the_targets_fault_counts_neither_way(state, breaker):
    for outcome in ("failure", "failure", "neutral", "neutral", "failure"):
        after = attempt(state, breaker, outcome)

    assert after == "open"


def test_after_the_open_period_one_trial_call_is_let_through(state, breaker, clock):
    trip(state, breaker)

    clock.advance(59.999)
    early = state.permit(breaker)
    clock.advance(0.001)
    trial, other = state.permit(breaker), state.permit(breaker)

    assert (early.allowed, early.retry_after_s) == (False, 0.001)
    assert (trial.allowed, trial.state) == (True, "half-open")
    assert trial.token
    assert (other.allowed, other.state, other.retry_after_s) == (False, "half-open", 1)


def test_more_trial_calls_run_at_once_where_the_config_says_so(state, breaker, clock):
    wide = replace(breaker, max_probes=3)
    trip(state, wide)
    clock.advance(60)

    assert [state.permit(wide).allowed for _ in range(4)] == [True, True, True, False]


def test_it_closes_after_the_threshold_of_successful_trial_calls(state, breaker, clock):
    trip(state, breaker)
    clock.advance(60)

    assert attempt(state, breaker, "success") == "half-open"
    assert attempt(state, breaker, "success") == "closed"
    assert state.breaker(breaker.key).failures == 0


def test_one_failed_trial_call_opens_it_again(state, breaker, clock):
    trip(state, breaker)
    clock.advance(60)
    attempt(state, breaker, "success")

    assert attempt(state, breaker, "failure") == "open"
    assert state.permit(breaker).retry_after_s == 60
    assert state.breaker(breaker.key).trips == 2


def test_a_trial_call_that_never_reports_frees_its_place_when_its_lease_ends(state, breaker, clock):
    trip(state, breaker)
    clock.advance(60)
    state.permit(breaker)

    clock.advance(5.999)
    held = state.permit(breaker)
    clock.advance(0.001)

    assert (held.allowed, held.retry_after_s) == (False, 0.001)
    assert state.permit(breaker).allowed


def test_trial_calls_of_an_earlier_half_open_period_count_no_more(state, breaker, clock):
    wide = replace(breaker, max_probes=2, success_threshold=1, lease_s=3600)
    trip(state, wide)
    clock.advance(60)
    failed, late = state.permit(wide), state.permit(wide)
    state.settle(Settlement(breaker=wide, permit=failed, outcome="failure"))
    clock.advance(60)

    trials = [state.permit(wide).allowed for _ in range(3)]
    after = state.settle(Settlement(breaker=wide, permit=late, outcome="success")).state

    assert trials == [True, True, False]
    assert after == "half-open"


def test_a_neutral_trial_call_gives_its_place_back_and_decides_nothing(state, breaker, clock):
    trip(state, breaker)
    clock.advance(60)

    assert attempt(state, breaker, "neutral") == "half-open"
    assert state.permit(breaker).allowed


def test_a_result_that_comes_after_the_circuit_opened_changes_nothing(state, breaker):
    late = state.permit(breaker)
    trip(state, breaker)

    after = state.settle(Settlement(breaker=breaker, permit=late, outcome="success"))

    assert after == Settled("open", changed=False)


def test_of_many_failures_at_once_one_opens_the_circuit(state, breaker):
    permits = [state.permit(breaker) for _ in range(breaker.failure_threshold + 3)]

    settled = [
        state.settle(Settlement(breaker=breaker, permit=each, outcome="failure"))
        for each in permits
    ]

    assert [each.changed for each in settled] == [False, False, True, False, False, False]
    assert settled[-1].state == "open"
    assert state.breaker(breaker.key).trips == 1


def test_the_trial_call_that_closes_the_circuit_is_told(state, breaker, clock):
    trip(state, breaker)
    clock.advance(60)
    attempt(state, breaker, "success")
    trial = state.permit(breaker)

    settled = state.settle(Settlement(breaker=breaker, permit=trial, outcome="success"))

    assert settled == Settled("closed", changed=True)


def test_a_result_counts_once(state, breaker, clock):
    trip(state, breaker)
    clock.advance(60)
    trial = state.permit(breaker)

    twice = [
        state.settle(Settlement(breaker=breaker, permit=trial, outcome="success")).state
        for _ in range(2)
    ]

    assert twice == ["half-open", "half-open"]


def test_without_a_permit_nothing_is_recorded(state, breaker):
    for _ in range(5):
        after = state.settle(Settlement(breaker=breaker, outcome="failure")).state

    assert after == "closed"


def test_a_fresh_answer_takes_no_permit_and_a_stale_one_does(state, breaker, answer, clock):
    look_up = Admission(cache=answer, breaker=breaker)
    generations = state.admit(look_up).generations
    state.settle(Settlement(write=CacheWrite(answer, b"1", 10, 20, generations)))
    trip(state, breaker)

    fresh = state.admit(look_up)
    clock.advance(10)
    stale = state.admit(look_up)

    assert (fresh.entry.value, fresh.permit) == (b"1", None)
    assert (stale.entry.fresh, stale.permit.allowed) == (False, False)


def test_forced_open_it_refuses_until_it_is_given_back(state, breaker, clock):
    forced = state.set_breaker(breaker.key, "forced_open", reason="upgrade", by="ada")
    clock.advance(3600)
    refused = state.permit(breaker)

    state.set_breaker(breaker.key, "auto", reason="done", by="ada")

    assert (forced.mode, forced.state, forced.reason) == ("forced_open", "open", "upgrade")
    assert forced.changed_by == "ada"
    assert (refused.allowed, refused.state) == (False, "open")
    assert state.permit(breaker).allowed


def test_disabled_it_lets_everything_through_and_counts_nothing(state, breaker):
    trip(state, breaker)

    state.set_breaker(breaker.key, "disabled", reason="known fault", by="ada")
    after = [attempt(state, breaker, "failure") for _ in range(10)]

    assert set(after) == {"closed"}
    assert state.breaker(breaker.key).trips == 1


def test_giving_it_back_closes_it_and_forgets_its_counts(state, breaker):
    trip(state, breaker)

    reset = state.set_breaker(breaker.key, "auto", reason="", by="ada")

    assert (reset.state, reset.mode, reset.failures, reset.trips) == ("closed", "auto", 0, 1)
    assert attempt(state, breaker, "failure") == "closed"


def test_an_operator_sees_when_it_opened_and_when_it_lets_a_trial_through(state, breaker, clock):
    trip(state, breaker)
    clock.advance(45)

    snapshot = state.breaker(breaker.key)

    assert snapshot.opened_at.timestamp() == clock() - 45
    assert snapshot.retry_after_s == 15
    assert snapshot.reason == "3 failures in a row"


def test_an_untouched_breaker_is_closed_and_not_listed(state, breaker):
    attempt(state, breaker, "success")

    assert state.breaker(breaker.key).state == "closed"
    assert breaker.key not in [listed.key for listed in state.breakers()]


def test_breakers_that_something_was_recorded_of_are_listed(state, breaker, name):
    other = replace(breaker, key=f"{name}-other")
    attempt(state, breaker, "failure")
    trip(state, other)

    listed = {listed.key: listed.state for listed in state.breakers()}

    assert listed[breaker.key] == "closed"
    assert listed[other.key] == "open"


def test_transitions_are_events_newest_first(state, breaker, clock):
    trip(state, breaker)
    clock.advance(60)
    attempt(state, breaker, "success")
    attempt(state, breaker, "success")
    state.set_breaker(breaker.key, "forced_open", reason="upgrade", by="ada")

    events = state.breaker_events(breaker.key, 10)

    assert [(event.from_state, event.to_state) for event in events] == [
        ("closed", "forced_open"),
        ("half-open", "closed"),
        ("open", "half-open"),
        ("closed", "open"),
    ]
    assert (events[0].reason, events[0].by) == ("upgrade", "ada")
    assert events[1].at.timestamp() == clock()
    assert events[3].reason == "3 failures in a row"


def test_events_can_be_asked_of_all_breakers_and_cut(state, breaker, name):
    trip(state, breaker)
    trip(state, replace(breaker, key=f"{name}-other"))

    assert state.breaker_events(None, 1)[0].key == f"{name}-other"
    assert len(state.breaker_events(None, 2)) == 2


@pytest.mark.parametrize("mode", ["forced_open", "disabled"])
def test_a_trial_call_under_way_when_the_mode_changes_decides_nothing(state, breaker, clock, mode):
    trip(state, breaker)
    clock.advance(60)
    trial = state.permit(breaker)

    state.set_breaker(breaker.key, mode, reason="test", by="ada")
    state.settle(Settlement(breaker=breaker, permit=trial, outcome="failure"))

    assert state.breaker(breaker.key).trips == 1

"""A limit holds in every window, and refuses at most a sixtieth of the window too long."""

from secrets import token_hex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import window_rules
from engine.ports import Admission, LimitRule

PAUSES_MS = st.lists(
    st.one_of(st.integers(0, 3), st.integers(0, 60), st.integers(0, 1500)),
    min_size=20,
    max_size=120,
)


def admitted_and_refused(state, clock, rule, pauses_ms):
    admitted: list[int] = []
    refused: list[int] = []
    for pause_ms in pauses_ms:
        clock.advance(pause_ms / 1000)
        outcome = state.admit(Admission(limits=(rule,)))
        (refused if outcome.refused else admitted).append(clock.now_ms)
    return admitted, refused


def calls_within(times_ms, end_ms, length_ms):
    return sum(end_ms - length_ms < time_ms <= end_ms for time_ms in times_ms)


@pytest.mark.parametrize("kind", ["memory", "redis"])
@settings(max_examples=40, deadline=None)
@given(pauses_ms=PAUSES_MS, limit=st.integers(1, 12), window_ms=st.sampled_from([100, 1000, 1234]))
def test_no_window_holds_more_than_the_limit_and_room_comes_back_in_time(
    kind, pauses_ms, limit, window_ms, open_by_clock, new_clock
):
    clock = new_clock()
    state = open_by_clock(kind, clock)
    rule = LimitRule("per_api", token_hex(6), limit, window_ms / 1000)

    admitted, refused = admitted_and_refused(state, clock, rule, pauses_ms)

    assert all(calls_within(admitted, end, window_ms) <= limit for end in admitted)
    slack_ms = window_ms + window_rules.bucket_ms(window_ms)
    assert all(calls_within(admitted, at, slack_ms) >= limit for at in refused)


@pytest.mark.parametrize("kind", ["memory", "redis"])
@settings(max_examples=25, deadline=None)
@given(pauses_ms=PAUSES_MS, limit=st.integers(1, 5))
def test_the_reset_that_a_refusal_names_is_when_room_comes_back(
    kind, pauses_ms, limit, open_by_clock, new_clock
):
    clock = new_clock()
    state = open_by_clock(kind, clock)
    rule = LimitRule("per_api", token_hex(6), limit, 1.0)
    admitted_and_refused(state, clock, rule, pauses_ms)

    while not (refused := state.admit(Admission(limits=(rule,))).refused):
        pass
    clock.advance(refused.reset_s)

    assert 0 < refused.reset_s <= 1.0
    assert not state.admit(Admission(limits=(rule,))).refused


def test_a_key_never_holds_more_than_its_buckets():
    window: window_rules.Window = {}
    for now_ms in range(0, 600_000, 137):
        window = window_rules.add(window_rules.live(window, 60_000, now_ms), 60_000, now_ms)

    assert len(window) <= window_rules.BUCKETS + 1


def test_a_clock_that_steps_back_loses_no_call():
    window = window_rules.add({}, 60_000, 1_000_000)
    window = window_rules.add(window_rules.live(window, 60_000, 990_000), 60_000, 990_000)

    assert window_rules.use_of(window, 60_000, 990_000).used == 2

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conditions import QUIET, Hold, advance, compile_threshold
from engine.errors import DefinitionInvalidError

START = datetime(2026, 1, 1, tzinfo=UTC)


def play(threshold, values, hold=Hold()):  # noqa: B008 - a value
    """The changes while values come in, one a second; None is a second without one."""
    state, changes = QUIET, []
    for second, value in enumerate(values):
        state, change = advance(
            state,
            START + timedelta(seconds=second),
            hold,
            is_past=value is not None and threshold.is_past(value),
            is_back=value is not None and threshold.is_back(value),
        )
        if change:
            changes.append((second, change))
    return changes


def test_it_fires_once_and_clears_at_another_value():
    threshold = compile_threshold(">", 10, 5)

    assert play(threshold, [9, 11, 9, 12, 6, 5, 11]) == [(1, "fired"), (5, "cleared"), (6, "fired")]


def test_without_a_clear_value_it_clears_where_it_fires():
    assert play(compile_threshold("gte", 10), [10, 9, 10]) == [
        (0, "fired"),
        (1, "cleared"),
        (2, "fired"),
    ]


def test_low_values_fire_below():
    assert play(compile_threshold("<", 1, 2), [1, 0, 1.5, 2]) == [(1, "fired"), (3, "cleared")]


def test_it_fires_only_when_it_holds():
    threshold, hold = compile_threshold(">", 10), Hold(fire_s=2)

    assert play(threshold, [11, 11, 9, 11, 11, 11], hold) == [(5, "fired")]


def test_a_moment_without_a_value_begins_the_hold_time_anew_and_clears_nothing():
    threshold, hold = compile_threshold(">", 10), Hold(fire_s=2)

    assert play(threshold, [11, None, 11, 11, 11, None, None], hold) == [(4, "fired")]


def test_it_clears_only_when_it_stays_back():
    threshold, hold = compile_threshold(">", 10), Hold(clear_s=2)

    assert play(threshold, [11, 9, 9, 11, 9, 9, 9], hold) == [(0, "fired"), (6, "cleared")]


@pytest.mark.parametrize(
    ("parts", "paths"),
    [
        (("==", 1), ["trigger.op"]),
        ((">", "1"), ["trigger.value"]),
        ((">", True), ["trigger.value"]),
        ((">", float("nan")), ["trigger.value"]),
        (("?", None, "x"), ["trigger.op", "trigger.value", "trigger.clear_value"]),
        ((">", 10, 11), ["trigger.clear_value"]),
        (("<", 10, 9), ["trigger.clear_value"]),
    ],
)
def test_mistakes_are_told_with_their_places(parts, paths):
    with pytest.raises(DefinitionInvalidError) as refused:
        compile_threshold(*parts)

    assert [issue.path for issue in refused.value.issues] == paths


@given(st.lists(st.floats(-20, 20) | st.none(), max_size=40), st.integers(0, 3), st.integers(0, 3))
def test_firing_and_clearing_take_turns(values, fire_s, clear_s):
    changes = play(compile_threshold(">", 10, 5), values, Hold(fire_s, clear_s))

    assert [change for _, change in changes] == ["fired", "cleared"] * (len(changes) // 2) + [
        "fired"
    ] * (len(changes) % 2)

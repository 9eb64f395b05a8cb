from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import BadRequestError
from engine.metrics_window import MAX_SLICES, Kept, parse_duration, window_of

NOW = datetime(2026, 3, 4, 12, 7, 30, tzinfo=UTC)
KEPT = Kept(minutes=timedelta(days=2), hours=timedelta(days=90))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def window(length, *, step=None, until=None, now=NOW):
    return window_of(length, step=step, until=until, now=now, kept=KEPT)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600)],
)
def test_lengths_of_time_are_read(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1.5h", "1 h", "1y", "1h30m", "9999999d"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(BadRequestError, match="no length of time"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "step_s"),
    [
        (HOUR, 60),
        (6 * HOUR, 300),
        (DAY, 900),
        (7 * DAY, 7200),
        (30 * DAY, 43_200),
        (365 * DAY, 604_800),
    ],
)
def test_a_comfortable_step_is_taken(length, step_s):
    chosen = window(length)

    assert chosen.step_s == step_s
    assert 20 <= chosen.slices <= 101


def test_slices_begin_at_multiples_of_their_length_and_the_newest_is_filling():
    chosen = window(HOUR, step=15 * MINUTE)

    assert chosen.until == NOW.replace(minute=15, second=0)
    assert chosen.since == chosen.until - HOUR
    assert [start.minute for start in chosen.starts] == [15, 30, 45, 0]


def test_a_window_that_is_no_multiple_of_its_step_is_covered():
    assert window(50 * MINUTE, step=HOUR).slices == 1
    assert window(61 * MINUTE, step=HOUR).slices == 2


def test_at_the_very_beginning_of_a_slice_it_belongs_to_the_window():
    noon = NOW.replace(minute=0, second=0)

    assert window(HOUR, step=HOUR, now=noon).until == noon + HOUR
    assert window(HOUR, step=HOUR, now=noon, until=noon).until == noon


def test_windows_of_long_ago_take_the_steps_that_are_kept():
    assert window(HOUR, until=NOW - 3 * DAY).step_s == 3600
    assert window(DAY, until=NOW - 100 * DAY).step_s == 86_400


@pytest.mark.parametrize(
    ("length", "step", "until"),
    [
        (HOUR, timedelta(seconds=90), None),
        (HOUR, timedelta(seconds=30), None),
        (HOUR, timedelta(0), None),
        ((MAX_SLICES + 1) * MINUTE, MINUTE, None),
        (HOUR, MINUTE, NOW - 3 * DAY),
        (100 * DAY, HOUR * 2, None),
    ],
)
def test_what_cannot_be_answered_is_refused(length, step, until):
    with pytest.raises(BadRequestError):
        window(length, step=step, until=until)

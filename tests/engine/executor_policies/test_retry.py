import pytest

from engine.deadline import Deadline
from engine.errors import (
    BreakerOpenError,
    DeadlineExceededError,
    QueryFailedError,
    TargetTransientError,
    TargetUnavailableError,
    UpstreamStatusError,
)
from engine.executor_policies import base_delays_s, retry_delay_s
from engine.model import RuntimePolicy

GONE = TargetUnavailableError("gone")
STEADY = RuntimePolicy(retry_jitter=False)


def delay(error=GONE, *, attempt=1, policy=STEADY, repeatable=True, left_s=60.0, chance=0.0):
    return retry_delay_s(
        error,
        attempt=attempt,
        max_retries=policy.max_retries,
        repeatable=repeatable,
        policy=policy,
        deadline=Deadline.after(left_s, clock=lambda: 0.0),
        chance=lambda: chance,
    )


def test_the_waits_double_from_100_ms_and_end_after_max_retries():
    assert [delay(attempt=attempt) for attempt in (1, 2, 3, 4)] == [0.1, 0.2, 0.4, None]
    assert base_delays_s(STEADY) == (0.1, 0.2, 0.4)


def test_the_policy_sets_number_base_and_growth_of_the_waits():
    policy = RuntimePolicy(
        max_retries=2, retry_backoff_ms=50, retry_backoff_multiplier=4, retry_jitter=False
    )

    assert [delay(attempt=attempt, policy=policy) for attempt in (1, 2, 3)] == [0.05, 0.2, None]


def test_no_retries_are_made_when_the_policy_allows_none():
    assert delay(policy=RuntimePolicy(max_retries=0)) is None


def test_jitter_adds_up_to_a_quarter_and_never_shortens():
    jittered = RuntimePolicy()

    assert delay(policy=jittered, chance=0.0) == 0.1
    assert delay(policy=jittered, chance=1.0) == pytest.approx(0.125)


@pytest.mark.parametrize(
    ("error", "repeated"),
    [
        (GONE, True),
        (DeadlineExceededError("late"), True),
        (TargetTransientError("serialization failure"), True),
        (UpstreamStatusError("429", status=429), True),
        (UpstreamStatusError("502", status=502), True),
        (UpstreamStatusError("503", status=503), True),
        (UpstreamStatusError("504", status=504), True),
        (UpstreamStatusError("500", status=500), False),
        (UpstreamStatusError("404", status=404), False),
        (QueryFailedError("no such column"), False),
        (BreakerOpenError("open"), False),
    ],
)
def test_only_what_can_pass_is_repeated(error, repeated):
    assert (delay(error) is not None) == repeated


def test_what_must_not_run_twice_is_not_repeated():
    assert delay(repeatable=False) is None


def test_an_upstreams_retry_after_is_obeyed():
    longer = UpstreamStatusError("503", status=503, retry_after_s=2.5)
    shorter = UpstreamStatusError("503", status=503, retry_after_s=0.01)

    assert delay(longer) == 2.5
    assert delay(shorter) == 0.1


def test_a_wait_that_would_end_past_the_deadline_is_not_begun():
    assert delay(left_s=0.11) == 0.1
    assert delay(left_s=0.1) is None
    assert delay(UpstreamStatusError("503", status=503, retry_after_s=5), left_s=4) is None

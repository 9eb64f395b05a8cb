"""Whether and when a failed attempt is repeated.

A pure function rather than stamina's or tenacity's loop: the loop here belongs to the pipeline,
which asks the breaker before and reports to it after every attempt, writes each wait into the
policy trace, and ends with the deadline. Around such a loop a library would only compute this sum:

    delay(n) = max(retry_backoff_ms * retry_backoff_multiplier^(n-1) * (1 + jitter), Retry-After)

with n the number of the failed attempt and jitter uniform in [0, 0.25], 0 without `retry_jitter`.
Jitter only adds: a wait is never shorter than the policy says (with "full jitter", uniform from 0,
it would be), and callers that failed together still spread out.
"""

import random
from collections.abc import Callable

from engine.deadline import Deadline
from engine.errors import EngineError
from engine.model import RuntimePolicy

JITTER = 0.25


def base_delays_s(policy: RuntimePolicy) -> tuple[float, ...]:
    """The waits before each retry, without jitter: 0.1, 0.2, 0.4 by default."""
    return tuple(
        policy.retry_backoff_ms / 1000 * policy.retry_backoff_multiplier**retry
        for retry in range(policy.max_retries)
    )


def should_retry(error: EngineError, *, attempt: int, max_retries: int, repeatable: bool) -> bool:
    """Whether another attempt may help and does no harm; `attempt` counts from 1."""
    return error.retryable and repeatable and attempt <= max_retries


def retry_delay_s(
    error: EngineError,
    *,
    attempt: int,
    max_retries: int,
    repeatable: bool,
    policy: RuntimePolicy,
    deadline: Deadline,
    chance: Callable[[], float] = random.random,
) -> float | None:
    """The seconds to wait before the next attempt, or None when this was the last.

    It was the last when the error cannot pass, the work must not be repeated, no retries are left,
    or the wait would end past the deadline.

    Args:
        error: What the attempt failed with; its `retry_after_s` is a lower bound of the wait.
        attempt: The number of the failed attempt, from 1.
        max_retries: Retries allowed for this call.
        repeatable: Whether the logic may run twice without harm.
        policy: Where the backoff comes from.
        deadline: The whole call's.
        chance: A random number in [0, 1).
    """
    if not should_retry(error, attempt=attempt, max_retries=max_retries, repeatable=repeatable):
        return None
    delay_s = policy.retry_backoff_ms / 1000 * policy.retry_backoff_multiplier ** (attempt - 1)
    if policy.retry_jitter:
        delay_s *= 1 + JITTER * chance()
    delay_s = max(delay_s, error.retry_after_s or 0.0)
    return delay_s if delay_s < deadline.remaining_s() else None

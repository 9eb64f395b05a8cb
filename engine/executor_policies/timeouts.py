"""How long an attempt and a whole call may take."""

from collections.abc import Mapping

from engine.executor_policies.retry import JITTER, base_delays_s
from engine.model import LogicType, RuntimePolicy

HTTP_MAX_TIMEOUT_S = 30.0

_DEFAULT_TIMEOUT_S: Mapping[LogicType, float] = {
    "sql": 5.0,
    "http": 5.0,
    "script": 5.0,
    "workflow": 30.0,
}


def effective_timeout_s(logic_type: LogicType, policy: RuntimePolicy) -> float:
    """The time one attempt may take: the policy's, or the logic type's default; http at most 30."""
    timeout_s = policy.timeout_seconds or _DEFAULT_TIMEOUT_S[logic_type]
    return min(timeout_s, HTTP_MAX_TIMEOUT_S) if logic_type == "http" else timeout_s


def call_budget_s(logic_type: LogicType, policy: RuntimePolicy) -> float:
    """The time a whole call may take: every attempt at its full timeout and every wait between."""
    waits_s = sum(base_delays_s(policy)) * (1 + (JITTER if policy.retry_jitter else 0))
    attempts = 1 + policy.max_retries
    return attempts * effective_timeout_s(logic_type, policy) + waits_s

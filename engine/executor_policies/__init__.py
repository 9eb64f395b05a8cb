"""Deadline, retry, rate and concurrency limits: what a runtime policy means for one call."""

from engine.executor_policies.check import Ceilings, check_policy
from engine.executor_policies.concurrency import ConcurrencyGate
from engine.executor_policies.limits import limit_headers, limit_refusal, limit_rules
from engine.executor_policies.retry import base_delays_s, retry_delay_s, should_retry
from engine.executor_policies.timeouts import (
    HTTP_MAX_TIMEOUT_S,
    call_budget_s,
    effective_timeout_s,
)
from engine.executor_policies.usage import LimitInUse, limits_in_use

__all__ = [
    "HTTP_MAX_TIMEOUT_S",
    "Ceilings",
    "ConcurrencyGate",
    "LimitInUse",
    "base_delays_s",
    "call_budget_s",
    "check_policy",
    "effective_timeout_s",
    "limit_headers",
    "limit_refusal",
    "limit_rules",
    "limits_in_use",
    "retry_delay_s",
    "should_retry",
]

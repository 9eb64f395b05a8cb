"""Checks a policy against an instance's ceilings and against its logic type, before it is saved."""

from collections.abc import Collection, Iterator
from typing import Protocol

from engine.executor_policies.timeouts import HTTP_MAX_TIMEOUT_S
from engine.model import Issue, LogicType, Rate, RuntimePolicy
from engine.templates import check_template


class Ceilings(Protocol):
    """The most that a policy may ask for: an instance's settings, or a tenant's lower ones."""

    @property
    def max_rows_ceiling(self) -> int:
        """The largest `max_rows`."""
        ...

    @property
    def max_timeout_seconds(self) -> float:
        """The largest `timeout_seconds`."""
        ...


def check_policy(
    policy: RuntimePolicy,
    logic_type: LogicType,
    ceilings: Ceilings,
    *,
    params: Collection[str] | None = None,
) -> tuple[Issue, ...]:
    """Errors for what cannot work or is past a ceiling, warnings for what will have no effect.

    Args:
        policy: What is checked.
        logic_type: Of the API it governs.
        ceilings: Those of the instance or of the API's tenant.
        params: The parameters that cache tags may name; None for any.
    """
    known = {"params": params, "context": ("tenant_id",)}
    return (
        *_past_a_ceiling(policy, logic_type, ceilings),
        *check_template(list(policy.cache.tags), known, "runtime_policy.cache.tags"),
        *_without_effect(policy, logic_type),
        *_rates_never_reached(policy),
    )


def _past_a_ceiling(
    policy: RuntimePolicy, logic_type: LogicType, ceilings: Ceilings
) -> Iterator[Issue]:
    timeout_s, ceiling_s = policy.timeout_seconds, ceilings.max_timeout_seconds
    if timeout_s is not None and timeout_s > ceiling_s:
        yield _issue(
            "timeout_too_long",
            "timeout_seconds",
            f"a timeout of {timeout_s:g} s is past this instance's ceiling of {ceiling_s:g} s",
            f"Use {ceiling_s:g} or less.",
        )
    elif timeout_s is not None and logic_type == "http" and timeout_s > HTTP_MAX_TIMEOUT_S:
        yield _issue(
            "timeout_too_long",
            "timeout_seconds",
            f"an http API may take {HTTP_MAX_TIMEOUT_S:g} s, not {timeout_s:g} s",
            f"Use {HTTP_MAX_TIMEOUT_S:g} or less.",
        )
    if policy.max_rows > ceilings.max_rows_ceiling:
        yield _issue(
            "max_rows_too_large",
            "max_rows",
            f"max_rows of {policy.max_rows} is past this instance's ceiling of "
            f"{ceilings.max_rows_ceiling}",
            f"Use {ceilings.max_rows_ceiling} or less, and let callers page with limit and offset.",
        )


def _without_effect(policy: RuntimePolicy, logic_type: LogicType) -> Iterator[Issue]:
    cache = policy.cache
    graces = ("stale_while_revalidate_seconds", "stale_if_error_seconds")
    if not cache.enabled:
        for name in graces:
            if getattr(cache, name) > 0:
                yield _warning(f"cache.{name}", "the cache is off, so there is nothing stale")
    if policy.max_retries and "max_retries" in policy.model_fields_set and logic_type == "script":
        yield _warning("max_retries", "a script is never run twice")
    if "sql_strict" in policy.model_fields_set and logic_type != "sql":
        yield _warning("sql_strict", f"it concerns SQL, and this is a {logic_type} API")
    if "sandbox" in policy.model_fields_set and logic_type != "script":
        yield _warning("sandbox", f"it concerns scripts, and this is a {logic_type} API")
    if "http" in policy.model_fields_set and logic_type != "http":
        yield _warning("http", f"it concerns http APIs, and this is a {logic_type} API")


def _rates_never_reached(policy: RuntimePolicy) -> Iterator[Issue]:
    rates = policy.rate_limit
    wider = ("per_tenant", rates.per_tenant), ("per_api", rates.per_api)
    for name, rate in wider:
        if rate and rates.per_user and _never_reached(rates.per_user, behind=rate):
            yield _warning("rate_limit.per_user", f"{name} ({rate}) refuses before it does")


def _never_reached(rate: Rate, *, behind: Rate) -> bool:
    return rate.limit > behind.limit and rate.window_s <= behind.window_s


def _issue(code: str, field: str, message: str, suggestion: str) -> Issue:
    return Issue(code=code, message=message, path=f"runtime_policy.{field}", suggestion=suggestion)


def _warning(field: str, why: str) -> Issue:
    return Issue(
        severity="warning",
        code="policy_without_effect",
        message=f"{field} has no effect: {why}",
        path=f"runtime_policy.{field}",
    )

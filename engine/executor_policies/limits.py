"""Rate limits of a call: which windows it counts in, and what its caller is told of them.

- `per_api` counts every call of the API;
- `per_user` counts one caller's calls of the API;
- `per_tenant` counts the tenant's calls over all its APIs that set this level;
- `per_key` counts an API key's calls over all APIs, by the rate the key was made with.

The headers are those of draft-ietf-httpapi-ratelimit-headers-06, the last with separate fields:
`RateLimit-Limit`, `-Remaining` and `-Reset` (seconds) of the limit that is nearest to refusing, and
`RateLimit-Policy` with every window (`100;w=60;name="per_api"`); on a refusal also `Retry-After`.
"""

import math
from collections.abc import Mapping, Sequence

from engine.errors import RateLimitedError
from engine.model import ApiDefinition, Caller, Rate
from engine.model.keys import tenant_key
from engine.ports import LimitLevel, LimitRule, LimitUse


def limit_rules(api: ApiDefinition, caller: Caller) -> tuple[LimitRule, ...]:
    """The windows a call counts in; a changed unit begins a new window, a changed number does not.

    Args:
        api: The API that is called; the rates stand in its policy.
        caller: Whose calls are counted; an API key may carry a rate of its own.
    """
    tenant_id, api_id, rates = caller.tenant_id, str(api.id), api.runtime_policy.rate_limit
    levels: tuple[tuple[LimitLevel, Rate | None, tuple[str, ...]], ...] = (
        ("per_api", rates.per_api, ("api", api_id)),
        ("per_user", rates.per_user, ("user", api_id, caller.subject)),
        ("per_tenant", rates.per_tenant, ("tenant",)),
        ("per_key", caller.rate, ("key", caller.subject)),
    )
    return tuple(
        LimitRule(
            level=level,
            key=tenant_key(tenant_id, rate.unit, *parts),
            limit=rate.limit,
            window_s=rate.window_s,
        )
        for level, rate, parts in levels
        if rate is not None
    )


def limit_refusal(refused: LimitUse, api_name: str) -> RateLimitedError:
    """What a caller is told when a limit refused the call."""
    retry_after_s = _whole_seconds(refused.reset_s)
    return RateLimitedError(
        f"the {_WORDS[refused.level]} of {api_name!r} is used up: {refused.limit} calls",
        details={
            "level": refused.level,
            "limit": refused.limit,
            "remaining": refused.remaining,
            "reset_s": round(refused.reset_s, 3),
        },
        hint=f"Try again in {retry_after_s} s.",
        retry_after_s=refused.reset_s,
    )


def limit_headers(
    rules: Sequence[LimitRule], uses: Sequence[LimitUse], refused: LimitUse | None = None
) -> Mapping[str, str]:
    """The headers that tell a caller of its limits; none when no limit is set."""
    if not uses:
        return {}
    shown = refused or min(uses, key=lambda use: (use.remaining, -use.reset_s))
    headers = {
        "RateLimit-Limit": str(shown.limit),
        "RateLimit-Remaining": str(shown.remaining),
        "RateLimit-Reset": str(math.ceil(shown.reset_s)),
        "RateLimit-Policy": ", ".join(
            f'{rule.limit};w={rule.window_s:.0f};name="{rule.level}"' for rule in rules
        ),
    }
    if refused:
        headers["Retry-After"] = str(_whole_seconds(refused.reset_s))
    return headers


_WORDS: Mapping[LimitLevel, str] = {
    "per_api": "rate limit",
    "per_user": "rate limit per user",
    "per_tenant": "tenant's rate limit",
    "per_key": "API key's rate limit",
}


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))

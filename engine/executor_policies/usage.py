"""Who uses how much of which limit now, for operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.model import ApiDefinition, Rate
from engine.model.keys import key_without_tenant, tenant_key
from engine.ports import LimitLevel, LimitRule, LimitUse, SharedState


@dataclass(frozen=True)
class LimitInUse:
    """A limit that counts something: of an API, of a caller of it, or of the tenant."""

    use: LimitUse
    rate: Rate
    api_id: UUID | None = None
    subject: str | None = None


def limits_in_use(
    shared: SharedState, tenant_id: str, apis: Sequence[ApiDefinition], limit: int = 500
) -> tuple[LimitInUse, ...]:
    """What is used of the limits that `apis` set, the fullest first.

    Args:
        shared: Where the calls are counted.
        tenant_id: Whose limits are shown.
        apis: The tenant's APIs.
        limit: How many counted keys are looked at, at most.
    """
    keys = shared.limit_keys(tenant_key(tenant_id, ""), limit)
    by_id = {str(api.id): api for api in apis}
    found = [counted for key in keys if (counted := _counted(key, by_id))]
    uses = shared.usage([counted.rule for counted in found])
    in_use = (
        LimitInUse(use, counted.rate, counted.api_id, counted.subject)
        for counted, use in zip(found, uses, strict=True)
    )
    return tuple(sorted(in_use, key=lambda each: each.use.remaining / each.use.limit))


@dataclass(frozen=True)
class _Counted:
    rule: LimitRule
    rate: Rate
    api_id: UUID | None
    subject: str | None


def _counted(key: str, apis: Mapping[str, ApiDefinition]) -> _Counted | None:
    """The limit behind a key of `limit_rules`; None when no API sets it any more."""
    unit, level, *of = key_without_tenant(key).split("/", 3)
    api = apis.get(of[0]) if of else None
    name, rates = _rates(level, api, apis)
    current = [rate for rate in rates if rate is not None and rate.unit == unit]
    if not current:
        return None
    rate = min(current, key=lambda each: each.limit)
    return _Counted(
        rule=LimitRule(level=name, key=key, limit=rate.limit, window_s=rate.window_s),
        rate=rate,
        api_id=api.id if api else None,
        subject=of[1] if len(of) > 1 else None,
    )


def _rates(
    level: str, api: ApiDefinition | None, apis: Mapping[str, ApiDefinition]
) -> tuple[LimitLevel, list[Rate | None]]:
    if level == "tenant":
        limits = [each.runtime_policy.rate_limit for each in apis.values()]
        return "per_tenant", [each.per_tenant for each in limits]
    if api is not None and level == "user":
        return "per_user", [api.runtime_policy.rate_limit.per_user]
    if api is not None and level == "api":
        return "per_api", [api.runtime_policy.rate_limit.per_api]
    return "per_key", []

"""Slows down whoever tries passwords: attempts are counted over all processes, before any hashing.

Three sliding windows count at once: few attempts for one name from one address, more for one
address, more again for one name from everywhere. So a stranger who knows a name cannot lock its
owner out from a single machine, and a list of passwords or of names is still tried too slowly.
"""

from dataclasses import dataclass

from engine.errors import RateLimitedError
from engine.model.access import INSTANCE
from engine.model.keys import tenant_key
from engine.ports import Admission, LimitRule, SharedState


@dataclass(frozen=True, slots=True)
class ThrottleRules:
    """How many attempts there may be in `window_s` seconds."""

    per_name_and_address: int = 6
    per_address: int = 30
    per_name: int = 60
    window_s: float = 300.0


class SignInThrottle:
    """Counts attempts to sign in."""

    def __init__(self, shared: SharedState, rules: ThrottleRules | None = None) -> None:
        self._shared = shared
        self._rules = rules or ThrottleRules()

    def admit(self, tenant_id: str, name: str, address: str | None) -> None:
        """Count an attempt; raises RateLimitedError when there were too many."""
        rules, person, place = self._rules, (tenant_id, name), address or "unknown"
        counted = (
            (rules.per_name_and_address, ("both", *person, place)),
            (rules.per_address, ("address", place)),
            (rules.per_name, ("name", *person)),
        )
        limits = tuple(
            LimitRule(
                level="per_user",
                key=tenant_key(INSTANCE, "sign-in", *parts),
                limit=limit,
                window_s=rules.window_s,
            )
            for limit, parts in counted
        )
        refused = self._shared.admit(Admission(limits=limits)).refused
        if refused is not None:
            raise RateLimitedError(
                "too many attempts to sign in",
                hint="Wait, or ask an admin to set a new password.",
                retry_after_s=refused.reset_s,
            )

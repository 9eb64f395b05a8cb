"""Who calls: the caller that every execution carries."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.model.policy import RateText

Role = Literal["viewer", "analyst", "admin"]


class Scope(BaseModel):
    """What an API key may reach.

    Attributes:
        groups: Endpoint groups (`apis`, `execute`, `logs`, …) the key may use; empty means all.
        api_patterns: Shell-style patterns of API names the key may execute; empty means all.
        tags: Tags of which an API must carry at least one; empty means any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: tuple[str, ...] = ()
    api_patterns: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Caller(BaseModel):
    """An authenticated caller, bound to one tenant; `rate` limits all its calls together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    tenant_id: str = "default"
    kind: Literal["user", "api_key", "system"] = "user"
    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None
    rate: RateText | None = None
    claims: Mapping[str, Any] = Field(default_factory=dict)

    def has_role(self, role: Role) -> bool:
        """Tell whether the caller has `role` or one that includes it (admin ⊃ analyst ⊃ viewer)."""
        order: tuple[Role, ...] = ("viewer", "analyst", "admin")
        return any(held in self.roles for held in order[order.index(role) :])

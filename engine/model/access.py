"""Who calls: the caller that every execution carries."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.model.policy import RateText

Role = Literal["viewer", "analyst", "admin"]
INSTANCE = "*"
"""Stands where a tenant's id does for what belongs to the whole instance; no tenant has it."""


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

    @property
    def names_apis(self) -> bool:
        """Whether it is limited to some APIs."""
        return bool(self.api_patterns or self.tags)


class Caller(BaseModel):
    """An authenticated caller, bound to one tenant.

    Attributes:
        rate: Limits all its calls together.
        key_groups: The endpoint groups that accept API keys at all; None means every group.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    tenant_id: str = "default"
    kind: Literal["user", "api_key", "system"] = "user"
    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None
    rate: RateText | None = None
    key_groups: tuple[str, ...] | None = None
    claims: Mapping[str, Any] = Field(default_factory=dict)

    @field_validator("tenant_id")
    @classmethod
    def _is_a_tenant(cls, value: str) -> str:
        if value == INSTANCE:
            raise ValueError(f"{INSTANCE!r} is no tenant")
        return value

    def has_role(self, role: Role) -> bool:
        """Tell whether the caller has `role` or one that includes it (admin ⊃ analyst ⊃ viewer)."""
        order: tuple[Role, ...] = ("viewer", "analyst", "admin")
        return any(held in self.roles for held in order[order.index(role) :])

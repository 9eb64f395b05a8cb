"""Where rules, recorded events and firings are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from engine.model import Page
from engine.model.cep import Event, EventQuery, Firing, FiringQuery, Rule, RuleQuery
from engine.ports.access import AuditEntry


class RuleStamp(NamedTuple):
    """By which a change of an active rule is noticed."""

    tenant_id: str
    rule_id: UUID
    version: int


class Cursor(NamedTuple):
    """How far a tenant's events were looked at; `revision` counts the commits."""

    seq: int
    revision: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What one look at a tenant's events came to.

    Attributes:
        states: The new state of each rule that has one, by id and version of the rule.
        firings: What fired or cleared.
    """

    seq: int
    states: Mapping[tuple[UUID, int], Mapping[str, Any]]
    firings: Sequence[Firing]


class RuleStore(Protocol):
    """The rules of every tenant."""

    def get(self, tenant_id: str, ref: str) -> Rule:
        """A rule by id or name; raises NotFoundError."""
        ...

    def search(self, tenant_id: str, query: RuleQuery) -> Page[Rule]:
        """Rules that match, by name."""
        ...

    def all(self, tenant_id: str) -> tuple[Rule, ...]:
        """Every rule of a tenant, by name."""
        ...

    def active(self) -> tuple[RuleStamp, ...]:
        """Every rule that is switched on, of all tenants."""
        ...

    def create(self, rule: Rule, audit: AuditEntry) -> Rule:
        """Insert; raises ConflictError when the name is taken."""
        ...

    def change(self, rule: Rule, *, expected_version: int, audit: AuditEntry) -> Rule:
        """Replace a rule, as version `expected_version` + 1, without its state.

        Raises:
            ConflictError: Somebody else changed it meanwhile, or the new name is taken.
        """
        ...

    def delete(self, rule: Rule, audit: AuditEntry) -> None:
        """Remove; its log stays. Raises ConflictError when it was changed meanwhile."""
        ...


class EventStore(Protocol):
    """Events as they were posted."""

    def add(self, tenant_id: str, events: Sequence[Event]) -> int:
        """Record events, on disk when this returns; how many were not there already."""
        ...

    def search(self, tenant_id: str, query: EventQuery) -> Page[Event]:
        """Events that match, newest first."""
        ...

    def types(self, tenant_id: str) -> tuple[str, ...]:
        """The types of the recorded events, by name."""
        ...

    def after(self, tenant_id: str, seq: int, limit: int) -> tuple[Event, ...]:
        """The next events, in the order in which they were recorded."""
        ...

    def newest(self, tenant_id: str) -> int:
        """The place of the newest event; 0 when there is none."""
        ...

    def between(
        self, tenant_id: str, since: datetime, until: datetime, *, up_to_seq: int | None = None
    ) -> Iterator[Event]:
        """Events by the time they occurred: from `since` on, before `until`."""
        ...


class FiringStore(Protocol):
    """The log of what rules fired, which is also the queue of their actions."""

    def cursor(self, tenant_id: str) -> Cursor:
        """How far a tenant's events were looked at."""
        ...

    def commit(self, tenant_id: str, seen: Cursor, progress: Progress) -> bool:
        """Record progress, in one transaction; False when somebody else did since `seen`."""
        ...

    def add(self, firing: Firing) -> bool:
        """Record one firing; False when its cause was recorded already."""
        ...

    def is_waiting(self, now: datetime) -> bool:
        """Whether there is anything to claim."""
        ...

    def claim(self, now: datetime, until: datetime, limit: int) -> tuple[Firing, ...]:
        """Take firings whose action waits, or whose taker has not been heard of in time."""
        ...

    def renew(self, ids: Sequence[UUID], until: datetime) -> None:
        """Keep firings that were taken, because their actions run."""
        ...

    def finish(self, firing: Firing) -> None:
        """Record what an action came to."""
        ...

    def get(self, tenant_id: str, firing_id: UUID) -> Firing:
        """One firing; raises NotFoundError."""
        ...

    def search(self, tenant_id: str, query: FiringQuery) -> Page[Firing]:
        """Firings that match, newest first, without their results."""
        ...

"""Where screens are kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from engine.model import Page, Role
from engine.model.screen import Screen, ScreenQuery
from engine.ports.access import AuditEntry


class ScreenStore(Protocol):
    """The screens of every tenant."""

    def get(self, tenant_id: str, screen_id: str) -> Screen:
        """A screen by its id; raises NotFoundError."""
        ...

    def search(self, tenant_id: str, query: ScreenQuery, roles: Collection[Role]) -> Page[Screen]:
        """Screens that match and are for one of these roles, by title."""
        ...

    def all(self, tenant_id: str) -> tuple[Screen, ...]:
        """Every screen of a tenant, by id."""
        ...

    def create(self, screen: Screen, audit: AuditEntry) -> Screen:
        """Insert; raises ConflictError when the id is taken."""
        ...

    def change(self, screen: Screen, *, expected_version: int, audit: AuditEntry) -> Screen:
        """Replace; raises ConflictError when it is not at `expected_version` any more."""
        ...

    def delete(self, screen: Screen, audit: AuditEntry) -> None:
        """Remove; raises ConflictError when it was changed meanwhile."""
        ...

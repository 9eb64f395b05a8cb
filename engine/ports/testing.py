"""Where test cases are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from engine.model.testing import ApiTestCase


class CaseStore(Protocol):
    """Test cases by API, each list by name; every method is one transaction in one tenant."""

    def all(self, tenant_id: str) -> Mapping[UUID, tuple[ApiTestCase, ...]]:
        """Every test case of a tenant, by API."""
        ...

    def of(self, tenant_id: str, api_id: UUID) -> tuple[ApiTestCase, ...]:
        """Those of one API."""
        ...

    def add(self, case: ApiTestCase) -> None:
        """Keep a new one.

        Raises:
            ConflictError: Its API has one of that name.
            NotFoundError: Its API was deleted meanwhile.
        """
        ...

    def change(self, case: ApiTestCase) -> None:
        """Replace the revision before this one.

        Raises:
            ConflictError: Somebody changed or deleted it meanwhile, or its new name is taken.
        """
        ...

    def delete(self, tenant_id: str, case_id: UUID) -> None:
        """Remove one; raises NotFoundError."""
        ...

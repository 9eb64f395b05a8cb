"""Where tools and their calls are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.model.definition import Page
from engine.model.tool import Tool, ToolCallRecord, ToolQuery


class ToolStore(Protocol):
    """Tools and their calls; each method is one transaction in one tenant.

    A tool and its API name each other; whatever changes the one changes the other with it.
    """

    def get(self, tenant_id: str, ref: str) -> Tool:
        """A tool by id or name; raises NotFoundError."""
        ...

    def search(self, tenant_id: str, query: ToolQuery) -> Page[Tool]:
        """Tools that match, by name."""
        ...

    def all(self, tenant_id: str) -> tuple[Tool, ...]:
        """Every tool of a tenant, by name."""
        ...

    def of_api(self, tenant_id: str, api_id: UUID) -> Tool | None:
        """The tool that an API is exported as, if any."""
        ...

    def create(self, tool: Tool) -> Tool:
        """Insert a tool and name it in its API.

        Raises:
            ConflictError: The name is taken, or the API is exported already.
        """
        ...

    def update(self, tool: Tool) -> Tool:
        """Replace what can change of a tool, its name in its API too; raises as `create`."""
        ...

    def delete(self, tenant_id: str, tool_id: UUID) -> None:
        """Remove a tool and its name from its API; its calls stay."""
        ...

    def add_call(self, call: ToolCallRecord) -> None:
        """Keep a call."""
        ...

    def calls(
        self, tenant_id: str, tool_id: UUID, *, limit: int, offset: int = 0
    ) -> Page[ToolCallRecord]:
        """The calls of a tool, newest first."""
        ...

    def drop_calls(self, before: datetime) -> int:
        """Remove older calls of every tenant, and say how many."""
        ...

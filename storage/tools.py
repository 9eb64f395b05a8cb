"""Keeps tools and their calls."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exc, func, or_, true

from engine.errors import ConflictError, NotFoundError
from engine.model import Page
from engine.model.listing import WorkOrder
from engine.model.tool import Tool, ToolCallRecord, ToolQuery
from storage.database import Database, TenantRows
from storage.tables import ApiDefinitionRow, ToolCallRow, ToolRow, table_of

_KEPT = tuple(name for name in Tool.model_fields if name != "api_name")
_COLUMNS = (*(getattr(ToolRow, name) for name in _KEPT), ApiDefinitionRow.api_name)

_ORDERS: Mapping[WorkOrder, tuple[Any, ...]] = {
    "name": (ToolRow.name,),
    "changed": (ToolRow.updated_at.desc(), ToolRow.name),
}


class SqlToolStore:
    """The `ToolStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str, ref: str) -> Tool:
        """A tool by id or name; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            return _found(rows, ref)

    def search(self, tenant_id: str, query: ToolQuery) -> Page[Tool]:
        """Tools that match, by name."""
        wanted = _matching(query)
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(ToolRow, func.count()).where(wanted)).scalar_one()
            page = rows.execute(
                _selected(rows)
                .where(wanted)
                .order_by(*_ORDERS[query.sort])
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = tuple(Tool.model_validate(dict(each)) for each in page)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def all(self, tenant_id: str) -> tuple[Tool, ...]:
        """Every tool of a tenant, by name."""
        with self._database.reading(tenant_id) as rows:
            every = rows.execute(_selected(rows).order_by(ToolRow.name)).mappings()
            return tuple(Tool.model_validate(dict(each)) for each in every)

    def of_api(self, tenant_id: str, api_id: UUID) -> Tool | None:
        """The tool that an API is exported as, if any."""
        with self._database.reading(tenant_id) as rows:
            wanted = _selected(rows).where(ToolRow.api_id == api_id)
            found = rows.execute(wanted).mappings().one_or_none()
        return None if found is None else Tool.model_validate(dict(found))

    def create(self, tool: Tool) -> Tool:
        """Insert a tool and name it in its API.

        Raises:
            ConflictError: The name is taken, or the API is exported already.
        """
        try:
            with self._database.writing(tool.tenant_id) as rows:
                edit_tool(rows, None, tool)
        except exc.IntegrityError as error:
            raise _taken(tool) from error
        return tool

    def update(self, tool: Tool) -> Tool:
        """Replace what can change of a tool, its name in its API too; raises as `create`."""
        try:
            with self._database.writing(tool.tenant_id) as rows:
                edit_tool(rows, tool, tool)
        except exc.IntegrityError as error:
            raise _taken(tool) from error
        return tool

    def delete(self, tenant_id: str, tool_id: UUID) -> None:
        """Remove a tool and its name from its API; its calls stay."""
        with self._database.writing(tenant_id) as rows:
            edit_tool(rows, _found(rows, str(tool_id)), None)

    def add_call(self, call: ToolCallRecord) -> None:
        """Keep a call."""
        values = call.model_dump(exclude={"tenant_id"})
        with self._database.writing(call.tenant_id) as rows:
            rows.execute(rows.insert(ToolCallRow, **values))

    def calls(
        self, tenant_id: str, tool_id: UUID, *, limit: int, offset: int = 0
    ) -> Page[ToolCallRecord]:
        """The calls of a tool, newest first."""
        row = ToolCallRow
        wanted = row.tool_id == tool_id
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(row, func.count()).where(wanted)).scalar_one()
            found = rows.execute(
                rows.select(row)
                .where(wanted)
                .order_by(row.created_at.desc(), row.id)
                .limit(limit)
                .offset(offset)
            ).mappings()
            items = tuple(_call(each) for each in found)
        return Page(items=items, total=total, limit=limit, offset=offset)

    def drop_calls(self, before: datetime) -> int:
        """Remove older calls of every tenant, and say how many."""
        calls = table_of(ToolCallRow)
        with self._database.write() as connection:
            return connection.execute(delete(calls).where(calls.c.created_at < before)).rowcount


def edit_tool(rows: TenantRows, before: Tool | None, after: Tool | None) -> None:
    """Insert, replace or remove a tool and its name in its API, in this transaction.

    Raises:
        NotFoundError: It was deleted meanwhile.
    """
    if before is not None and (after is None or after.api_id != before.api_id):
        _name_in_api(rows, before.api_id, None)
    if before is None:
        if after is not None:
            rows.execute(rows.insert(ToolRow, **_values(after)))
    else:
        same = ToolRow.id == before.id
        change = (
            rows.delete(ToolRow).where(same)
            if after is None
            else rows.update(ToolRow).where(same).values(_values(after))
        )
        if rows.execute(change).rowcount == 0:
            raise _no_tool(before.name)
    if after is not None:
        _name_in_api(rows, after.api_id, after.name)


def _values(tool: Tool) -> dict[str, Any]:
    values = {name: getattr(tool, name) for name in _KEPT if name != "tenant_id"}
    return {**values, "schema_at_export": dict(tool.schema_at_export)}


def _selected(rows: TenantRows) -> Any:
    joined = ApiDefinitionRow.id == ToolRow.api_id
    return rows.select(ToolRow, *_COLUMNS).join(ApiDefinitionRow, joined)


def _found(rows: TenantRows, ref: str) -> Tool:
    wanted: ColumnElement[bool] = ToolRow.name == ref
    with suppress(ValueError):
        wanted = or_(wanted, ToolRow.id == UUID(ref))
    found = rows.execute(_selected(rows).where(wanted)).mappings().all()
    # A name may look like an id; the id wins.
    found = sorted(found, key=lambda row: str(row["id"]) != ref)[:1]
    if not found:
        raise _no_tool(ref)
    return Tool.model_validate(dict(found[0]))


def _name_in_api(rows: TenantRows, api_id: UUID, name: str | None) -> None:
    change = rows.update(ApiDefinitionRow).where(ApiDefinitionRow.id == api_id)
    rows.execute(change.values(tool_name=name))


def _matching(query: ToolQuery) -> ColumnElement[bool]:
    wanted: ColumnElement[bool] = true()
    if query.is_active is not None:
        wanted &= ToolRow.is_active == query.is_active
    if query.q:
        places = (ToolRow.name, ToolRow.description)
        wanted &= or_(*(place.icontains(query.q, autoescape=True) for place in places))
    return wanted


def _call(row: Mapping[Any, Any]) -> ToolCallRecord:
    return ToolCallRecord.model_validate(dict(row))


def _no_tool(ref: str) -> NotFoundError:
    return NotFoundError(f"there is no tool {ref!r}")


def _taken(tool: Tool) -> ConflictError:
    return ConflictError(
        f"a tool named {tool.name!r} exists already, or API {tool.api_name!r} is a tool already",
        hint="Choose another name, or change the tool that there is.",
    )

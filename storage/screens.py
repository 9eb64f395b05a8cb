"""Keeps screens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, exc, func, or_

from engine.errors import ConflictError, NotFoundError
from engine.model import Page, Role
from engine.model.listing import WorkOrder
from engine.model.screen import Screen, ScreenQuery
from engine.ports import AuditEntry
from storage.audit import audit_insert
from storage.database import Database, TenantRows
from storage.tables.screens import ScreenRow

_OF_SPEC = ("title", "role")
"""Columns that repeat what the specification says, to filter and sort by."""

_ORDERS: Mapping[WorkOrder, tuple[Any, ...]] = {
    "name": (ScreenRow.title, ScreenRow.screen_id),
    "changed": (ScreenRow.updated_at.desc(), ScreenRow.title, ScreenRow.screen_id),
}


class SqlScreenStore:
    """The `ScreenStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str, screen_id: str) -> Screen:
        """A screen by its id; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            wanted = rows.select(ScreenRow).where(ScreenRow.screen_id == screen_id)
            found = rows.execute(wanted).mappings().one_or_none()
        if found is None:
            raise NotFoundError(f"there is no screen {screen_id!r}")
        return _screen(found)

    def search(self, tenant_id: str, query: ScreenQuery, roles: Collection[Role]) -> Page[Screen]:
        """Screens that match and are for one of these roles, by title."""
        wanted: ColumnElement[bool] = ScreenRow.role.in_(roles)
        if query.q:
            texts = (ScreenRow.screen_id, ScreenRow.title)
            wanted &= or_(*(each.icontains(query.q, autoescape=True) for each in texts))
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(ScreenRow, func.count()).where(wanted)).scalar_one()
            page = rows.execute(
                rows.select(ScreenRow)
                .where(wanted)
                .order_by(*_ORDERS[query.sort])
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = tuple(_screen(row) for row in page)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def all(self, tenant_id: str) -> tuple[Screen, ...]:
        """Every screen of a tenant, by id."""
        with self._database.reading(tenant_id) as rows:
            every = rows.execute(rows.select(ScreenRow).order_by(ScreenRow.screen_id)).mappings()
            return tuple(_screen(row) for row in every)

    def create(self, screen: Screen, audit: AuditEntry) -> Screen:
        """Insert; raises ConflictError when the id is taken."""
        try:
            with self._database.writing(screen.tenant_id) as rows:
                edit_screen(rows, None, screen)
                rows.execute(audit_insert(rows, audit))
        except exc.IntegrityError as error:
            raise ConflictError(f"there is a screen {screen.screen_id!r} already") from error
        return screen

    def change(self, screen: Screen, *, expected_version: int, audit: AuditEntry) -> Screen:
        """Replace; raises ConflictError when it is not at `expected_version` any more."""
        before = screen.model_copy(update={"version": expected_version})
        with self._database.writing(screen.tenant_id) as rows:
            edit_screen(rows, before, screen)
            rows.execute(audit_insert(rows, audit))
        return screen

    def delete(self, screen: Screen, audit: AuditEntry) -> None:
        """Remove; raises ConflictError when it was changed meanwhile."""
        with self._database.writing(screen.tenant_id) as rows:
            edit_screen(rows, screen, None)
            rows.execute(audit_insert(rows, audit))


def edit_screen(rows: TenantRows, before: Screen | None, after: Screen | None) -> None:
    """Insert, replace or remove a screen, in this transaction.

    Raises:
        ConflictError: It was changed meanwhile.
    """
    if before is None:
        if after is not None:
            rows.execute(rows.insert(ScreenRow, **_values(after)))
        return
    same = (ScreenRow.id == before.id) & (ScreenRow.version == before.version)
    change = (
        rows.delete(ScreenRow).where(same)
        if after is None
        else rows.update(ScreenRow).where(same).values(_values(after))
    )
    if rows.execute(change).rowcount == 0:
        raise _changed_meanwhile(before)


def _screen(row: Any) -> Screen:
    return Screen.model_validate({name: each for name, each in row.items() if name not in _OF_SPEC})


def _values(screen: Screen) -> dict[str, Any]:
    left_out = {"tenant_id", "spec", "draft"}
    values = {name: getattr(screen, name) for name in Screen.model_fields if name not in left_out}
    draft = screen.draft
    return {
        **values,
        "title": screen.spec.title,
        "role": screen.spec.role,
        "spec": screen.spec.model_dump(mode="json", exclude_defaults=True),
        "draft": None if draft is None else draft.model_dump(mode="json", exclude_defaults=True),
    }


def _changed_meanwhile(screen: Screen) -> ConflictError:
    return ConflictError(
        f"the screen {screen.screen_id!r} was changed or deleted by somebody else meanwhile",
        hint="Read it again, look at the difference and repeat the change.",
    )

"""Keeps the test cases of APIs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import exc

from engine.errors import ConflictError, NotFoundError
from engine.model.testing import ApiTestCase
from engine.ports import CaseChange
from storage.database import Database, TenantRows
from storage.tables import ApiDefinitionRow, ApiTestCaseRow

_KEPT = ApiTestCase.model_fields.keys() - {"tenant_id"}


class SqlCaseStore:
    """The `CaseStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, tenant_id: str) -> Mapping[UUID, tuple[ApiTestCase, ...]]:
        """Every test case of a tenant, by API."""
        row = ApiTestCaseRow
        with self._database.reading(tenant_id) as rows:
            every = rows.select(row).order_by(row.api_id, row.name)
            found = [
                ApiTestCase.model_validate(dict(each)) for each in rows.execute(every).mappings()
            ]
        return {api_id: tuple(cases) for api_id, cases in groupby(found, lambda case: case.api_id)}

    def of(self, tenant_id: str, api_id: UUID) -> tuple[ApiTestCase, ...]:
        """Those of one API, by name."""
        row = ApiTestCaseRow
        with self._database.reading(tenant_id) as rows:
            wanted = rows.select(row).where(row.api_id == api_id).order_by(row.name)
            return tuple(
                ApiTestCase.model_validate(dict(each)) for each in rows.execute(wanted).mappings()
            )

    def add(self, case: ApiTestCase) -> None:
        """Keep a new one; raises ConflictError, NotFoundError."""
        row = ApiDefinitionRow
        try:
            with self._database.writing(case.tenant_id) as rows:
                its_api = rows.select(row, row.id).where(row.id == case.api_id)
                if rows.execute(its_api).first() is None:
                    raise NotFoundError(f"there is no API {case.api_id}")
                rows.execute(rows.insert(ApiTestCaseRow, **_values(case)))
        except exc.IntegrityError as error:
            raise _name_taken(case) from error

    def change(self, case: ApiTestCase) -> None:
        """Replace the revision before this one; raises ConflictError."""
        row = ApiTestCaseRow
        before = case.revision - 1
        try:
            with self._database.writing(case.tenant_id) as rows:
                change = rows.update(row).where(row.id == case.id, row.revision == before)
                if rows.execute(change.values(**_values(case))).rowcount == 0:
                    raise ConflictError(
                        f"the test case {case.name!r} was changed or deleted by somebody else "
                        "meanwhile",
                        hint="Read it again and repeat the change.",
                    )
        except exc.IntegrityError as error:
            raise _name_taken(case) from error

    def delete(self, tenant_id: str, case_id: UUID) -> None:
        """Remove one; raises NotFoundError."""
        row = ApiTestCaseRow
        with self._database.writing(tenant_id) as rows:
            if rows.execute(rows.delete(row).where(row.id == case_id)).rowcount == 0:
                raise NotFoundError(f"there is no test case {case_id}")


def replace_cases(rows: TenantRows, api_id: UUID, change: CaseChange) -> None:
    """Change the test cases of an API within this transaction.

    Raises:
        ConflictError: They are not those that the change was made from.
    """
    row = ApiTestCaseRow
    found = rows.execute(rows.select(row, row.id, row.revision).where(row.api_id == api_id))
    if {tuple(each) for each in found} != {(case.id, case.revision) for case in change.before}:
        raise ConflictError(
            "test cases were changed by somebody else meanwhile; nothing was changed",
            hint="Apply again.",
        )
    rows.execute(rows.delete(row).where(row.api_id == api_id))
    for case in change.after:
        rows.execute(rows.insert(row, **_values(case)))


def _values(case: ApiTestCase) -> dict[str, Any]:
    dumped = case.model_dump(mode="json", include={"params", "input_payload", "expect"})
    return {name: getattr(case, name) for name in _KEPT - dumped.keys()} | dumped


def _name_taken(case: ApiTestCase) -> ConflictError:
    return ConflictError(f"the API has a test case named {case.name!r} already")

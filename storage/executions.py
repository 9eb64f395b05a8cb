"""Keeps the execution log as rows, and sums it up."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import NotFoundError
from engine.model import ExecutionPage, ExecutionQuery, ExecutionRecord, LogPosition, Scope
from engine.model.execution import COUNTED
from engine.ports import ApiUsage
from storage.batches import BatchInsert
from storage.columns import json_text_of
from storage.database import Database, TenantRows
from storage.rollup_reading import SqlRollupStore
from storage.rollups import RollupWriter
from storage.scopes import api_in_scope, execution_in_scope
from storage.tables import ApiDefinitionRow, ExecutionRow, table_of
from storage.tables.executions import UNSUCCESSFUL

_TABLE = table_of(ExecutionRow)
_COLUMNS = tuple(_TABLE.c[name] for name in ExecutionRecord.model_fields)
_EQUAL = (
    "api_id",
    "api_version",
    "status",
    "source",
    "executed_by",
    "error_type",
    "cached",
    "parent_execution_id",
    "trace_id",
)
_LISTED = tuple(column for column in _COLUMNS if column.name != "response_data")


class SqlExecutionStore:
    """The `ExecutionStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sums = RollupWriter(database)
        self._rollups = SqlRollupStore(database)
        self._one_at_a_time = threading.Lock()
        dialect = sqlite if database.is_sqlite else postgresql
        self._addition = dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=["id"])
        self._batch = BatchInsert.of(
            _TABLE, self._addition, ExecutionRecord.model_fields, database.dialect
        )

    def insert(self, records: Sequence[ExecutionRecord]) -> None:
        """Add records and count them in their sums, in one transaction.

        Those already there are left as they are and not counted again, so that whoever does not
        know whether a batch was stored may store it once more.
        """
        if not records:
            return
        with self._one_at_a_time, self._database.write() as connection:
            self._sums.add(connection, self._inserted(connection, records))

    def _inserted(
        self, connection: Connection, records: Sequence[ExecutionRecord]
    ) -> Sequence[ExecutionRecord]:
        """Insert what is not there, and tell what that was; asking for ids takes far longer."""
        rows = [vars(record) for record in records]
        with connection.begin_nested() as trial:
            if self._batch.run(connection, rows) == len(rows):
                return records
            trial.rollback()
        new = set(connection.execute(self._addition.returning(_TABLE.c.id), rows).scalars())
        first = {record.id: record for record in reversed(records)}
        return [first[record_id] for record_id in new]

    def get(
        self, tenant_id: str, execution_id: UUID, scope: Scope | None = None
    ) -> ExecutionRecord:
        """One record; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            wanted = (ExecutionRow.id == execution_id) & execution_in_scope(rows, scope)
            found = rows.execute(rows.select(ExecutionRow, *_COLUMNS).where(wanted)).mappings()
            row = found.one_or_none()
        if row is None:
            raise NotFoundError(f"there is no execution {execution_id}")
        return ExecutionRecord.model_validate(dict(row))

    def search(
        self, tenant_id: str, query: ExecutionQuery, scope: Scope | None = None
    ) -> ExecutionPage:
        """Records that match, newest first, without their `response_data`, which `get` reads.

        A page of answers of up to 1 MB each would be too much for a list. The count is that of all
        that match, wherever the page begins.
        """
        with self._database.reading(tenant_id) as rows:
            wanted = _matching(query) & execution_in_scope(rows, scope)
            found = rows.execute(listing(rows, query, scope)).mappings()
            items = tuple(ExecutionRecord.model_validate(dict(row)) for row in found)
            counted = rows.select(ExecutionRow, literal(1)).where(wanted).limit(COUNTED + 1)
            total = rows.execute(select(func.count()).select_from(counted.subquery())).scalar_one()
        last = items[query.limit - 1] if len(items) > query.limit else None
        return ExecutionPage(
            items=items[: query.limit],
            total=min(total, COUNTED),
            more=total > COUNTED,
            next=LogPosition(last.created_at, last.id) if last else None,
            limit=query.limit,
            offset=query.offset,
        )

    def summary(
        self, tenant_id: str, since: datetime, scope: Scope | None = None
    ) -> tuple[ApiUsage, ...]:
        """Live calls since a time, per API, the most called first; test runs are left out."""
        usage = self._rollups.usage(tenant_id, since, datetime.now(UTC))
        visible = self._visible(tenant_id, scope)
        return usage if visible is None else tuple(u for u in usage if u.api_id in visible)

    def _visible(self, tenant_id: str, scope: Scope | None) -> frozenset[UUID] | None:
        """The APIs that a scope names; None where it names none, so limits nothing."""
        if scope is None or not scope.names_apis:
            return None
        with self._database.reading(tenant_id) as rows:
            named = rows.select(ApiDefinitionRow, ApiDefinitionRow.id).where(api_in_scope(scope))
            return frozenset(rows.execute(named).scalars())


def listing(rows: TenantRows, query: ExecutionQuery, scope: Scope | None = None) -> Select[Any]:
    """The rows of a page, and one more if there is one."""
    wanted = _matching(query) & execution_in_scope(rows, scope)
    return (
        rows.select(ExecutionRow, *_LISTED)
        .where(wanted & _behind(query.after))
        .order_by(ExecutionRow.created_at.desc(), ExecutionRow.id)
        .limit(query.limit + 1)
        .offset(query.offset)
    )


def _matching(query: ExecutionQuery) -> ColumnElement[bool]:
    row = ExecutionRow
    wanted: ColumnElement[bool] = true()
    for name in _EQUAL:
        value = getattr(query, name)
        if value is not None:
            wanted &= _TABLE.c[name] == value
    if query.error_type is not None or query.status not in {None, "success"}:
        wanted &= UNSUCCESSFUL  # says so in the words of the index that holds only these
    if query.without_tests:
        wanted &= row.source != "test"
    if query.min_duration_ms is not None:
        wanted &= row.duration_ms >= query.min_duration_ms
    if query.max_duration_ms is not None:
        wanted &= row.duration_ms <= query.max_duration_ms
    for name, text in query.params.items():
        wanted &= json_text_of(_TABLE.c.request_params, name).in_(_spellings(text))
    if query.since is not None:
        wanted &= row.created_at >= query.since
    if query.until is not None:
        wanted &= row.created_at < query.until
    if query.error_contains:
        wanted &= row.error_message.icontains(query.error_contains, autoescape=True) & UNSUCCESSFUL
    return wanted


def _behind(position: LogPosition | None) -> ColumnElement[bool]:
    """Older than a position, in the order of the log; the first term is the index's."""
    if position is None:
        return true()
    created_at, execution_id = position
    row = ExecutionRow
    is_older = (row.created_at < created_at) | (row.id > execution_id)
    return (row.created_at <= created_at) & is_older


def _spellings(text: str) -> list[str]:
    """How a value may stand in JSON: as a text, and as what the text says."""
    spellings = [orjson.dumps(text).decode()]
    with suppress(orjson.JSONDecodeError):
        spellings.append(orjson.dumps(orjson.loads(text)).decode())
    return spellings

"""Keeps the execution log as rows, and sums it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, case, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import NotFoundError
from engine.model import ExecutionQuery, ExecutionRecord, Page
from engine.ports import ApiUsage
from storage.database import Database, TenantRows
from storage.tables import ExecutionRow, table_of

SLICES = 24
"""Slices of the window in `ApiUsage.series`."""

_TABLE = table_of(ExecutionRow)
_COLUMNS = tuple(_TABLE.c[name] for name in ExecutionRecord.model_fields)
_LISTED = tuple(column for column in _COLUMNS if column.name != "response_data")
_LIVE_CALL = and_(ExecutionRow.api_id.is_not(None), ExecutionRow.source != "test")
_RAN = ExecutionRow.status != "rejected"


class SqlExecutionStore:
    """The `ExecutionStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, records: Sequence[ExecutionRecord]) -> None:
        """Add records in one transaction; those already there are left as they are."""
        if not records:
            return
        dialect = sqlite if self._database.is_sqlite else postgresql
        addition = dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=["id"])
        with self._database.write() as connection:
            connection.execute(addition, [dict(record) for record in records])

    def get(self, tenant_id: str, execution_id: UUID) -> ExecutionRecord:
        """One record; raises NotFoundError."""
        with self._database.reading(tenant_id) as rows:
            found = rows.execute(
                rows.select(ExecutionRow, *_COLUMNS).where(ExecutionRow.id == execution_id)
            ).mappings()
            row = found.one_or_none()
        if row is None:
            raise NotFoundError(f"there is no execution {execution_id}")
        return ExecutionRecord.model_validate(dict(row))

    def search(self, tenant_id: str, query: ExecutionQuery) -> Page[ExecutionRecord]:
        """Records that match, newest first, without their `response_data`, which `get` reads.

        A page of answers of up to 1 MB each would be too much for a list.
        """
        wanted = _matching(query)
        with self._database.reading(tenant_id) as rows:
            total = rows.execute(rows.select(ExecutionRow, func.count()).where(wanted)).scalar_one()
            page = rows.execute(
                rows.select(ExecutionRow, *_LISTED)
                .where(wanted)
                .order_by(ExecutionRow.created_at.desc(), ExecutionRow.id)
                .limit(query.limit)
                .offset(query.offset)
            ).mappings()
            items = tuple(ExecutionRecord.model_validate(dict(row)) for row in page)
        return Page(items=items, total=total, limit=query.limit, offset=query.offset)

    def summary(self, tenant_id: str, since: datetime) -> tuple[ApiUsage, ...]:
        """Live calls since a time, per API; test runs are left out.

        Failures are the outcomes fail and timeout. Percentiles are nearest-rank and, like
        failures, know nothing of rejected calls. `series` has `SLICES` counts, oldest first.
        """
        with self._database.reading(tenant_id) as rows:
            counted = rows.execute(_counts(rows, since, datetime.now(UTC))).all()
            ranked = rows.execute(_percentiles(rows, since)).all()
        percentiles = {row.api_id: (row.p50_ms, row.p95_ms) for row in ranked}
        return tuple(_usage(row, percentiles.get(row.api_id, (0.0, 0.0))) for row in counted)


def _matching(query: ExecutionQuery) -> ColumnElement[bool]:
    row = ExecutionRow
    equal = ("api_id", "status", "source", "executed_by", "parent_execution_id", "trace_id")
    wanted: ColumnElement[bool] = true()
    for name in equal:
        value = getattr(query, name)
        if value is not None:
            wanted &= _TABLE.c[name] == value
    if query.since is not None:
        wanted &= row.created_at >= query.since
    if query.until is not None:
        wanted &= row.created_at < query.until
    if query.error_contains:
        wanted &= row.error_message.icontains(query.error_contains, autoescape=True)
    return wanted


def _counts(rows: TenantRows, since: datetime, until: datetime) -> Select[Any]:
    row = ExecutionRow
    starts = [since + (until - since) * index / SLICES for index in range(SLICES)]
    ends = [*starts[1:], None]
    slices = [
        _count(row.created_at >= start if end is None else _between(start, end)).label(f"s{index}")
        for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    return (
        rows.select(
            row,
            row.api_id,
            func.count().label("calls"),
            _count(row.status.in_(("fail", "timeout"))).label("failures"),
            func.max(row.created_at).label("last_at"),
            *slices,
        )
        .where(_LIVE_CALL, row.created_at >= since)
        .group_by(row.api_id)
        .order_by(func.count().desc(), row.api_id)
    )


def _percentiles(rows: TenantRows, since: datetime) -> Select[Any]:
    row = ExecutionRow
    ranked = (
        rows.select(
            row,
            row.api_id,
            row.duration_ms,
            func.row_number().over(partition_by=row.api_id, order_by=row.duration_ms).label("rank"),
            func.count().over(partition_by=row.api_id).label("calls"),
        )
        .where(_LIVE_CALL, _RAN, row.created_at >= since)
        .subquery()
    )
    at = {
        percent: func.max(
            case((ranked.c.rank == (ranked.c.calls * percent + 99) // 100, ranked.c.duration_ms))
        )
        for percent in (50, 95)
    }
    return select(ranked.c.api_id, at[50].label("p50_ms"), at[95].label("p95_ms")).group_by(
        ranked.c.api_id
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0), type_=Integer)


def _between(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(ExecutionRow.created_at >= start, ExecutionRow.created_at < end)


def _usage(row: Any, percentiles: tuple[float, float]) -> ApiUsage:
    counts: Mapping[str, Any] = row._mapping
    return ApiUsage(
        api_id=row.api_id,
        calls=row.calls,
        failures=row.failures,
        p50_ms=percentiles[0],
        p95_ms=percentiles[1],
        last_at=row.last_at,
        series=tuple(counts[f"s{index}"] for index in range(SLICES)),
    )

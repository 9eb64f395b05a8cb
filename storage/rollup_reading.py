"""Reads sums of the execution log: counters added up by the database, sketches here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Label,
    RowMapping,
    Select,
    Uuid,
    cast,
    func,
    literal,
    null,
    or_,
    type_coerce,
)
from sqlalchemy import select as select_of
from sqlalchemy.types import NullType

from engine.model import Scope
from engine.model.latency import Latency
from engine.model.tally import COUNTERS, Tally
from engine.ports import ApiUsage, Rollup, RollupQuery
from storage.database import Database, TenantRows
from storage.rollup_keys import HOUR_S, MINUTE_S, SPANS, Grain
from storage.rollups import tally_of
from storage.scopes import api_in_scope
from storage.tables import ApiDefinitionRow, RollupRow, table_of

SLICES = 24
"""Slices of the window in `ApiUsage.series`."""

_TABLE = table_of(RollupRow)
_ADDED = (*COUNTERS, "total_ms", "min_ms", "max_ms", "last_at")

Condition = ColumnElement[bool]
Slot = tuple[object, str, int]
"""What is told apart: the API as the driver gives it, the facet's value, the slice's number."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a window and the length of the buckets that are read there."""

    grain: Grain
    since_s: int
    until_s: int


def stretches(
    since_s: int, until_s: int, step_s: int | None, longest: Grain = "day"
) -> tuple[Stretch, ...]:
    """The fewest buckets that make up a window that begins with a minute.

    Slices take the longest buckets that they consist of. A window without slices is read by the
    longest that lie in it, and at its edges by ever shorter ones.
    """
    grains = tuple(SPANS)[: tuple(SPANS).index(longest) + 1]
    if step_s is None:
        return tuple(_covering(since_s, until_s, grains))
    grain = next(name for name in reversed(grains) if step_s % SPANS[name] == 0)
    return (Stretch(grain, since_s, until_s),)


def _covering(since_s: int, until_s: int, grains: Sequence[Grain]) -> Iterator[Stretch]:
    """The stretches of a window, by these lengths of bucket, the shortest first."""
    *shorter, longest = grains
    span_s = SPANS[longest]
    first_s, last_s = -(-since_s // span_s) * span_s, until_s // span_s * span_s
    if since_s >= until_s:
        return
    if not shorter:
        yield Stretch(longest, since_s, until_s)
    elif first_s >= last_s:
        yield from _covering(since_s, until_s, shorter)
    else:
        yield from _covering(since_s, first_s, shorter)
        yield Stretch(longest, first_s, last_s)
        yield from _covering(last_s, until_s, shorter)


class SqlRollupStore:
    """The `RollupStore` on the metadata database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, tenant_id: str, query: RollupQuery) -> tuple[Rollup, ...]:
        """The slices in which something ran, in no order."""
        since_s, step_s = _minute_s(query.since), query.step_s or 0
        wanted = _matching(query)
        by = _slots(query, since_s)
        with self._database.reading(tenant_id) as rows:
            latencies = _latencies(rows, wanted, by)
            counted: Sequence[Sequence[Any]] = rows.execute(_counters(rows, wanted, by)).all()
        api_of = cache(_api_of)
        return tuple(
            Rollup(
                start=datetime.fromtimestamp(since_s + number * step_s, UTC),
                api_id=api_of(api),
                value=value,
                tally=_tally(sums, latencies.get((api, value, number))),
            )
            for api, value, number, *sums in counted
        )

    def newest(self, tenant_id: str, query: RollupQuery) -> Mapping[tuple[UUID | None, str], UUID]:
        """The newest execution of each API and value; slices do not matter."""
        order = func.row_number().over(
            partition_by=(_TABLE.c.api_id, _TABLE.c.value), order_by=_TABLE.c.last_at.desc()
        )
        columns = (_TABLE.c.api_id, _TABLE.c.value, _TABLE.c.last_id, order.label("place"))
        with self._database.reading(tenant_id) as rows:
            ranked = rows.select(RollupRow, *columns).where(_matching(query)).subquery()
            found = rows.execute(select_of(ranked).where(ranked.c.place == 1)).all()
        return {(row.api_id, row.value): row.last_id for row in found}

    def lifetime(self, tenant_id: str) -> tuple[Rollup, ...]:
        """All executions there ever were, by API."""
        wanted = _TABLE.c.by_api & (_TABLE.c.facet == "all")
        tallies: defaultdict[UUID | None, Tally] = defaultdict(Tally)
        with self._database.reading(tenant_id) as rows:
            statement = rows.select(RollupRow).where(wanted, _TABLE.c.grain.in_(("open", "ever")))
            for row in rows.execute(statement).mappings():
                tallies[row["api_id"]].merge(tally_of(row))
        start = datetime.fromtimestamp(0, UTC)
        return tuple(
            Rollup(start=start, api_id=api_id, value="", tally=tally)
            for api_id, tally in tallies.items()
        )

    def api_names(self, tenant_id: str, scope: Scope | None = None) -> Mapping[UUID, str]:
        """The names of the APIs there are; with a scope, of those it names."""
        with self._database.reading(tenant_id) as rows:
            named = rows.select(ApiDefinitionRow, ApiDefinitionRow.id, ApiDefinitionRow.api_name)
            return {row.id: row.api_name for row in rows.execute(named.where(api_in_scope(scope)))}

    def usage(self, tenant_id: str, since: datetime, now: datetime) -> tuple[ApiUsage, ...]:
        """Live calls of each API since a time, the most called first.

        `series` has `SLICES` counts, oldest first; the last ends with the current hour. An hour
        that is read as one counts in the slice in which it begins.
        """
        since_s = _minute_s(since)
        until_s = (max(since_s, int(now.timestamp())) // HOUR_S + 1) * HOUR_S
        until = datetime.fromtimestamp(until_s, UTC)
        slice_s = -(-(until_s - since_s) // SLICES)
        wanted = _matching(RollupQuery(since=since, until=until, by_api=True), longest="hour")
        wanted &= _TABLE.c.api_id.is_not(None)
        by_api = _slots(RollupQuery(since=since, until=until, by_api=True), since_s)
        by_slice = (*by_api[:2], _slot(since_s, slice_s))
        with self._database.reading(tenant_id) as rows:
            latencies = _latencies(rows, wanted, by_api)
            counted = rows.execute(_counters(rows, wanted, by_slice)).mappings().all()
        slices: defaultdict[object, list[RowMapping]] = defaultdict(list)
        for row in counted:
            slices[row["of_api"]].append(row)
        usages = (_usage(rows, latencies[api, "", 0]) for api, rows in slices.items())
        return tuple(sorted(usages, key=lambda each: (-each.calls, each.api_id)))


def _minute_s(moment: datetime) -> int:
    return int(moment.timestamp()) // MINUTE_S * MINUTE_S


def _matching(query: RollupQuery, longest: Grain = "day") -> Condition:
    of_api = query.by_api or query.apis is not None
    wanted = (_TABLE.c.by_api == of_api) & (_TABLE.c.facet == query.facet)
    if not of_api:
        wanted &= _TABLE.c.api_id.is_(None)
    if query.apis is not None:
        wanted &= _TABLE.c.api_id.in_(query.apis)
    until_s = int(query.until.timestamp())
    return wanted & or_(
        *(
            _TABLE.c.grain.in_(("open", part.grain))
            & (_TABLE.c.start_s >= part.since_s)
            & (_TABLE.c.start_s < part.until_s)
            for part in stretches(_minute_s(query.since), until_s, query.step_s, longest)
        )
    )


def _slots(query: RollupQuery, since_s: int) -> tuple[Label[Any], ...]:
    """The columns of a `Slot`; ids are left as they come, for there are many of few."""
    api_id = _TABLE.c.api_id if query.by_api else cast(null(), Uuid())
    return (
        type_coerce(api_id, NullType()).label("of_api"),
        _TABLE.c.value.label("of_value"),
        _slot(since_s, query.step_s),
    )


def _tally(sums: Sequence[Any], latency: Latency | None) -> Tally:
    named = dict(zip(_ADDED, sums, strict=True))
    return Tally(**named, latency=Latency() if latency is None else latency)


def _api_of(given: object) -> UUID | None:
    """An id as a driver gives it: PostgreSQL's as it is, SQLite's as hexadecimal digits."""
    return None if given is None else UUID(str(given))


def _slot(since_s: int, step_s: int | None) -> Label[int]:
    if step_s is None:
        return literal(0).label("slot")
    return ((_TABLE.c.start_s - since_s) // step_s).label("slot")


def _counters(rows: TenantRows, wanted: Condition, by: Sequence[Label[Any]]) -> Select[Any]:
    # PostgreSQL adds bigints up to a numeric.
    sums = [cast(func.sum(_TABLE.c[name]), BigInteger).label(name) for name in COUNTERS]
    return (
        rows.select(
            RollupRow,
            *by,
            *sums,
            func.sum(_TABLE.c.total_ms).label("total_ms"),
            func.min(_TABLE.c.min_ms).label("min_ms"),
            func.max(_TABLE.c.max_ms).label("max_ms"),
            func.max(_TABLE.c.last_at).label("last_at"),
        )
        .where(wanted)
        .group_by(*by)
    )


def _latencies(
    rows: TenantRows, wanted: Condition, by: Sequence[Label[Any]]
) -> dict[Slot, Latency]:
    merged: dict[Slot, Latency] = {}
    sketches = rows.select(RollupRow, *by, _TABLE.c.latency).where(wanted)
    for row in rows.execute(sketches):
        slot, latency = (row.of_api, row.of_value, row.slot), Latency(row.latency)
        held = merged.get(slot)
        if held is None:
            merged[slot] = latency
        else:
            held.merge(latency)
    return merged


def _usage(slices: Sequence[RowMapping], latency: Latency) -> ApiUsage:
    series = [0] * SLICES
    for row in slices:
        series[row["slot"]] = row["calls"]
    return ApiUsage(
        api_id=UUID(str(slices[0]["of_api"])),
        calls=sum(series),
        failures=sum(row["fail"] + row["timeout"] for row in slices),
        rejected=sum(row["rejected"] for row in slices),
        p50_ms=latency.percentile(50) or 0.0,
        p95_ms=latency.percentile(95) or 0.0,
        last_at=max(row["last_at"] for row in slices),
        series=tuple(series),
    )

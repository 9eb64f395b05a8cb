"""Sums of quarters of an hour and of a day, made from the minutes and hours there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from hashlib import blake2b
from itertools import groupby, islice
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from alembic import op
from datasketches import kll_floats_sketch

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SHARED = UUID(int=0)
_AT_ONCE = 1000
_SAME = ("tenant_id", "by_api", "api_id", "facet", "value")
_ADDED = (
    "calls",
    "success",
    "fail",
    "timeout",
    "rejected",
    "cached",
    "cache_lookups",
    "retries",
    "breaker_trips",
    "rate_limited",
    "total_ms",
)
_ROLLUPS = sa.table(
    "tb_metric_rollup",
    sa.column("id", sa.Uuid()),
    sa.column("tenant_id", sa.Text()),
    sa.column("by_api", sa.Boolean()),
    sa.column("api_id", sa.Uuid()),
    sa.column("facet", sa.Text()),
    sa.column("value", sa.Text()),
    sa.column("grain", sa.Text()),
    sa.column("start_s", sa.BigInteger()),
    sa.column("writer", sa.Uuid()),
    *(sa.column(name, sa.BigInteger()) for name in _ADDED[:-1]),
    sa.column("total_ms", sa.Double()),
    sa.column("min_ms", sa.Double()),
    sa.column("max_ms", sa.Double()),
    sa.column("last_at", sa.DateTime(timezone=True)),
    sa.column("last_id", sa.Uuid()),
    sa.column("buckets", sa.JSON(none_as_null=True)),
    sa.column("latency", sa.LargeBinary()),
)

Sums = dict[str, Any]


def upgrade() -> None:
    """Go to this revision."""
    _sum_up("minute", "quarter_hour", 900)
    _sum_up("hour", "quarter_day", 21_600)


def downgrade() -> None:
    """Go back to the revision before."""
    longer = _ROLLUPS.c.grain.in_(("quarter_hour", "quarter_day"))
    op.execute(sa.delete(_ROLLUPS).where(longer))


def _sum_up(grain: str, longer: str, span_s: int) -> None:
    connection = op.get_bind()
    made = _longer_rows(connection, grain, longer, span_s)
    while rows := list(islice(made, _AT_ONCE)):
        connection.execute(sa.insert(_ROLLUPS), rows)


def _longer_rows(connection: sa.Connection, grain: str, longer: str, span_s: int) -> Iterator[Sums]:
    order = (*(_ROLLUPS.c[name] for name in _SAME), _ROLLUPS.c.start_s)
    shorter = sa.select(_ROLLUPS).where(_ROLLUPS.c.grain == grain).order_by(*order)
    read = connection.execute(shorter.execution_options(yield_per=_AT_ONCE)).mappings()

    def bucket(row: sa.RowMapping) -> tuple[Any, ...]:
        return (*(row[name] for name in _SAME), row["start_s"] // span_s * span_s)

    for key, rows in groupby(read, bucket):
        *same, start_s = key
        identity = (*same, longer, start_s, _SHARED)
        row_id = UUID(bytes=blake2b(orjson.dumps(identity), digest_size=16).digest())
        place = {"id": row_id, "grain": longer, "start_s": start_s, "writer": _SHARED}
        summed: Sums = reduce(_added, map(dict, rows))
        yield {**summed, **place}


def _added(one: Sums, other: Sums) -> Sums:
    newest = max(one, other, key=lambda row: (row["last_at"] is not None, row["last_at"]))
    latency = kll_floats_sketch.deserialize(one["latency"])
    latency.merge(kll_floats_sketch.deserialize(other["latency"]))
    return {
        **newest,
        **{name: one[name] + other[name] for name in _ADDED},
        "min_ms": _first((one["min_ms"], other["min_ms"]), min),
        "max_ms": _first((one["max_ms"], other["max_ms"]), max),
        "buckets": [a + b for a, b in zip(one["buckets"], other["buckets"], strict=True)],
        "latency": latency.serialize(),
    }


def _first(durations: Iterable[float | None], choose: Any) -> float | None:
    chosen: float | None = choose([each for each in durations if each is not None], default=None)
    return chosen

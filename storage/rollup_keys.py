"""Which sums an execution belongs to.

Every execution counts once for its API and once for its tenant, and there once in each facet:

| facet | value | test runs |
|---|---|---|
| `all` | empty | no |
| `status` | `success`, `fail`, `timeout`, `rejected` | no |
| `user` | the caller's subject | no |
| `version` | the API's version; not for the tenant | no |
| `cause` | the error type, where there is one | no |
| `source` | the door | yes |

So a question about one facet is answered by rows of its own, and facets are never multiplied with
one another: an API-minute costs the sum of its facets' values, not their product. The one facet
that callers could swell, `user`, is cut at `MAX_USERS` values a bucket; later ones count as
`OTHERS`. Only `source` counts test runs, so its sum is the number of all log rows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Literal, NamedTuple
from uuid import UUID

import orjson

from engine.model import ExecutionRecord
from engine.ports import Facet

Grain = Literal["open", "minute", "quarter_hour", "hour", "quarter_day", "day", "ever"]
"""How long a bucket is; `open` is a minute that is not in the longer ones yet."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
SPANS: Mapping[Grain, int] = {
    "minute": MINUTE_S,
    "quarter_hour": HOUR_S // 4,
    "hour": HOUR_S,
    "quarter_day": DAY_S // 4,
    "day": DAY_S,
}
"""Seconds that each length of bucket covers; each is made of whole ones of the one before it."""
MAX_USERS = 200
MAX_VALUE_LENGTH = 100
OTHERS = "(others)"
REMEMBERED_BUCKETS = 10_000
SHARED = UUID(int=0)
"""The writer of rows that every process may write."""


class RollupKey(NamedTuple):
    """What one row sums up.

    Attributes:
        by_api: Whether it counts one API; otherwise the tenant.
        api_id: The API; None for the tenant, and for calls of what is no API.
        start_s: Where the bucket begins, in seconds since 1970, UTC.
        writer: Who alone writes the row, or `SHARED`.
    """

    tenant_id: str
    by_api: bool
    api_id: UUID | None
    facet: Facet
    value: str
    grain: Grain
    start_s: int
    writer: UUID

    @property
    def id(self) -> UUID:
        """The row's primary key: it follows from all else."""
        return UUID(bytes=blake2b(orjson.dumps(tuple(self)), digest_size=16).digest())


def longer(key: RollupKey) -> Iterator[RollupKey]:
    """The longer buckets and the lifetime that a minute lies in."""
    for grain, span_s in SPANS.items():
        if grain != "minute":
            start_s = key.start_s // span_s * span_s
            yield key._replace(grain=grain, start_s=start_s, writer=SHARED)
    if key.facet == "all" and key.by_api:
        yield key._replace(grain="ever", start_s=0, writer=SHARED)


class KnownUsers:
    """Cuts the users of a bucket at `MAX_USERS`; remembers the latest buckets only."""

    def __init__(self) -> None:
        self._seen: OrderedDict[RollupKey, set[str]] = OrderedDict()

    def cut(self, key: RollupKey) -> RollupKey:
        """The key of a user, or of `OTHERS` when the bucket is full; other facets as they are."""
        if key.facet != "user" or key.value == OTHERS:
            return key
        seen = self._seen.setdefault(key._replace(value=""), set())
        if key.value not in seen and len(seen) >= MAX_USERS:
            return key._replace(value=OTHERS)
        seen.add(key.value)
        if len(self._seen) > REMEMBERED_BUCKETS:
            self._seen.popitem(last=False)
        return key


def facets_of(record: ExecutionRecord) -> list[tuple[Facet, str]]:
    """What a record counts in, with its values there."""
    facets: list[tuple[Facet, str]] = [("source", record.source)]
    if record.source == "test":
        return facets
    facets += [
        ("all", ""),
        ("status", record.status),
        ("user", record.executed_by[:MAX_VALUE_LENGTH]),
        ("version", str(record.api_version)),
    ]
    if record.error_type:
        facets.append(("cause", record.error_type[:MAX_VALUE_LENGTH]))
    return facets

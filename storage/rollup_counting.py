"""Adds executions up by the buckets that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.model import ExecutionRecord
from engine.model.tally import Measure, Tally
from engine.ports import Facet
from storage.rollup_keys import MINUTE_S, SPANS, Grain, KnownUsers, RollupKey, facets_of

Additions = dict[RollupKey, Tally]
Bucket = tuple[str, UUID | None, int]
"""Tenant, API and beginning."""
FacetValue = tuple[Facet, str]


def additions_of(
    records: Sequence[ExecutionRecord], grain: Grain, writer: UUID, users: KnownUsers
) -> Additions:
    """What the records add to the buckets of one length that they lie in."""
    additions: Additions = {}
    span_s = SPANS.get(grain, MINUTE_S)
    for (tenant_id, api_id, start_s), tallies in _by_bucket(records, span_s).items():
        for (facet, value), tally in tallies.items():
            of_tenant = RollupKey(
                tenant_id=tenant_id,
                by_api=False,
                api_id=None,
                facet=facet,
                value=value,
                grain=grain,
                start_s=start_s,
                writer=writer,
            )
            of_api = of_tenant._replace(by_api=True, api_id=api_id)
            count_in(additions, users.cut(of_api)).merge(tally)
            if facet != "version":
                count_in(additions, users.cut(of_tenant)).merge(tally)
    return additions


def count_in(additions: Additions, key: RollupKey) -> Tally:
    """The tally under a key, made when it is missing."""
    found = additions.get(key)
    if found is None:
        found = additions[key] = Tally()
    return found


def _by_bucket(
    records: Sequence[ExecutionRecord], span_s: int
) -> dict[Bucket, dict[FacetValue, Tally]]:
    """What the records add to each facet of their API's bucket.

    Those that are alike in every facet are added up first, and then to each facet together.
    """
    buckets: dict[Bucket, dict[FacetValue, Tally]] = {}
    for (start_s, *_), alike in _alike(records, span_s).items():
        total = Tally()
        for record in alike:
            total.add(Measure.of(record))
        first = alike[0]
        tallies = buckets.setdefault((first.tenant_id, first.api_id, start_s), {})
        for facet in facets_of(first):
            tally = tallies.get(facet)
            if tally is None:
                tally = tallies[facet] = Tally()
            tally.merge(total)
    return buckets


def _alike(
    records: Sequence[ExecutionRecord], span_s: int
) -> dict[tuple[Any, ...], list[ExecutionRecord]]:
    """The records by the beginning of their bucket and by all that tells them apart in it."""
    groups: dict[tuple[Any, ...], list[ExecutionRecord]] = {}
    for record in records:
        key = (
            int(record.created_at.timestamp()) // span_s * span_s,
            record.api_id,
            record.executed_by,
            record.status,
            record.error_type,
            record.api_version,
            record.source,
            record.tenant_id,
        )
        group = groups.get(key)
        if group is None:
            groups[key] = [record]
        else:
            group.append(record)
    return groups

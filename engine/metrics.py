"""How APIs fare: counts, rates and percentiles of any window, from sums and never from rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar
from uuid import UUID

from engine.auth import authorize
from engine.errors import BreakerOpenError
from engine.metrics_text import prometheus_text
from engine.metrics_window import Kept, Window, window_of
from engine.model import Caller
from engine.model.tally import Tally
from engine.ports import Facet, Journal, JournalStats, Rollup, RollupQuery, RollupStore

Key = TypeVar("Key")
ApiAndValue = tuple[UUID | None, str]
GroupBy = Literal["api", "user", "tenant", "version", "status", "cause", "source"]

MAX_GROUPS = 100
NO_API = "(no such API)"
_REFUSED_BY_BREAKER = BreakerOpenError.code
DELETED = "(deleted)"
RECENTLY = timedelta(minutes=5)
"""What the gauges of the Prometheus form look back on."""


@dataclass(frozen=True, kw_only=True)
class MetricsQuery:
    """A question about metrics.

    Attributes:
        window: How far back, at least; slices are whole.
        step: Length of a slice; one that makes at most a hundred slices when None.
        until: Where the window ends; now when None.
        api_id: Of this API alone.
        group_by: By what to tell calls apart.
    """

    window: timedelta = timedelta(hours=1)
    step: timedelta | None = None
    until: datetime | None = None
    api_id: UUID | None = None
    group_by: GroupBy | None = None

    def of_api(self, api_id: UUID) -> MetricsQuery:
        """The same question about one API."""
        return replace(self, api_id=api_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the calls of a slice or window come to; test runs are left out.

    Rejected calls count in `calls` alone: rates and durations know nothing of them. What cannot be
    told without calls is None. Percentiles are within `RANK_ERROR` of `engine.model.latency`.
    """

    calls: int
    success: int
    fail: int
    timeout: int
    rejected: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    mean_ms: float | None
    min_ms: float | None
    max_ms: float | None
    cached: int
    cache_lookups: int
    cache_hit_rate: float | None
    retries: int
    breaker_trips: int
    rate_limited: int

    @classmethod
    def of(cls, tally: Tally) -> Figures:
        """The figures of a tally."""
        return cls(
            calls=tally.calls,
            success=tally.success,
            fail=tally.fail,
            timeout=tally.timeout,
            rejected=tally.rejected,
            success_rate=tally.success_rate,
            p50_ms=tally.latency.percentile(50),
            p95_ms=tally.latency.percentile(95),
            p99_ms=tally.latency.percentile(99),
            mean_ms=_rounded(tally.mean_ms),
            min_ms=tally.min_ms,
            max_ms=tally.max_ms,
            cached=tally.cached,
            cache_lookups=tally.cache_lookups,
            cache_hit_rate=tally.cache_hit_rate,
            retries=tally.retries,
            breaker_trips=tally.breaker_trips,
            rate_limited=tally.rate_limited,
        )


@dataclass(frozen=True, slots=True)
class Point:
    """The figures of one slice."""

    start: datetime
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The calls that have one value in common; `series` has the slices in which there were any."""

    value: str
    label: str
    api_id: UUID | None
    total: Figures
    series: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsReport:
    """The answer to a `MetricsQuery`.

    `series` has every slice, `groups` at most `MAX_GROUPS`, those with the most calls first.
    """

    since: datetime
    until: datetime
    step_s: int
    group_by: GroupBy | None
    total: Figures
    series: tuple[Point, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """The calls of one API that ended with the same error, and the newest of them."""

    cause: str
    api_id: UUID | None
    api_name: str
    calls: int
    last_at: datetime | None
    example_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance:
    """How many calls were as they should be; what cannot be told without calls is None.

    Attributes:
        expected: Calls that should have been answered: those that ran, and those that an open
            breaker refused. What the caller did wrong does not count.
        available_share: The share of them that was.
        ran: Calls that ran.
        within_share: The share of them that took no longer than the limit.
    """

    expected: int
    available_share: float | None
    ran: int
    within_share: float | None


class Metrics:
    """Answers for the caller's tenant; at least the viewer role is needed.

    What this process has recorded before a question is counted in its answer.
    """

    def __init__(
        self,
        store: RollupStore,
        journal: Journal,
        kept: Kept,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._journal = journal
        self._kept = kept
        self._clock = clock

    def report(self, query: MetricsQuery, caller: Caller) -> MetricsReport:
        """Totals and series of a window; raises BadRequestError for one that cannot be answered."""
        view = self._view(query, caller)
        window = view.window
        slices = self._store.read(caller.tenant_id, view.rollups())
        by_start = _merged(slices, lambda each: each.start)
        return MetricsReport(
            since=window.since,
            until=window.until,
            step_s=window.step_s,
            group_by=query.group_by,
            total=Figures.of(_sum(by_start.values())),
            series=tuple(
                Point(start, Figures.of(by_start.get(start, Tally()))) for start in window.starts
            ),
            groups=self._groups(query.group_by, view, caller, slices) if query.group_by else (),
        )

    def errors(self, query: MetricsQuery, caller: Caller) -> tuple[ErrorGroup, ...]:
        """Calls that ended with an error, by API and cause, the most frequent first."""
        view = self._view(query, caller)
        wanted = view.rollups("cause", by_api=True)
        newest = self._store.newest(caller.tenant_id, wanted)
        causes = _merged(self._store.read(caller.tenant_id, wanted), _api_and_value)
        groups = [
            ErrorGroup(
                cause=cause,
                api_id=api_id,
                api_name=_api_name(api_id, view.names),
                calls=tally.calls,
                last_at=tally.last_at,
                example_id=newest.get((api_id, cause)),
            )
            for (api_id, cause), tally in causes.items()
        ]
        return tuple(sorted(groups, key=lambda each: (-each.calls, each.api_name, each.cause)))

    def compliance(
        self, query: MetricsQuery, caller: Caller, *, limit_ms: float | None
    ) -> Compliance:
        """The share of calls that were answered, and of those that took at most `limit_ms`."""
        view = self._view(query, caller)
        total = _sum(each.tally for each in self._store.read(caller.tenant_id, view.rollups()))
        refused = sum(
            each.tally.calls
            for each in self._store.read(caller.tenant_id, view.rollups("cause"))
            if each.value == _REFUSED_BY_BREAKER
        )
        expected = total.ran + refused
        return Compliance(
            expected=expected,
            available_share=total.success / expected if expected else None,
            ran=total.ran,
            within_share=None if limit_ms is None else total.latency.share_within(limit_ms),
        )

    def prometheus(self, caller: Caller) -> str:
        """The metrics of every API there is in Prometheus' text form; see `docs/metrics.md`."""
        view = self._view(MetricsQuery(window=RECENTLY), caller)
        ever = self._store.lifetime(caller.tenant_id)
        recently = self._store.read(caller.tenant_id, view.rollups(by_api=True))
        seen = [each for each in ever if view.apis is None or each.api_id in view.apis]
        return prometheus_text(
            _by_name(seen, view.names), _by_name(recently, view.names), self._journal.stats()
        )

    def journal(self, caller: Caller) -> JournalStats:
        """How far this process is with recording what ran."""
        authorize(caller, "logs:read")
        return self._journal.stats()

    def _view(self, query: MetricsQuery, caller: Caller) -> _View:
        """What a question is about, of what the caller may see."""
        authorize(caller, "logs:read")
        self._journal.flush()
        names = self._store.api_names(caller.tenant_id, caller.scope)
        is_limited = caller.scope is not None and caller.scope.names_apis
        apis = frozenset(names) if is_limited else None
        if query.api_id is not None:
            asked = frozenset({query.api_id})
            apis = asked if apis is None else apis & asked
        window = window_of(
            query.window, step=query.step, until=query.until, now=self._clock(), kept=self._kept
        )
        return _View(window, apis, names)

    def _groups(
        self, group_by: GroupBy, view: _View, caller: Caller, slices: tuple[Rollup, ...]
    ) -> tuple[Group, ...]:
        if group_by == "tenant":
            tenant = caller.tenant_id
            return _group_up(slices, lambda _: (None, tenant), lambda _, value: value)
        if group_by == "api":
            return _group_up(
                self._store.read(caller.tenant_id, view.rollups(by_api=True)),
                lambda each: (each.api_id, str(each.api_id or "")),
                lambda api_id, _: _api_name(api_id, view.names),
            )
        wanted = view.rollups(group_by, by_api=group_by == "version")
        return _group_up(
            self._store.read(caller.tenant_id, wanted),
            _api_and_value,
            lambda api_id, value: _label(api_id, value, view.names),
        )


@dataclass(frozen=True, slots=True)
class _View:
    """A window, the APIs that are looked at (all when None), and the names of APIs."""

    window: Window
    apis: frozenset[UUID] | None
    names: Mapping[UUID, str]

    def rollups(self, facet: Facet = "all", *, by_api: bool = False) -> RollupQuery:
        return RollupQuery(
            since=self.window.since,
            until=self.window.until,
            step_s=self.window.step_s,
            apis=self.apis,
            facet=facet,
            by_api=by_api,
        )


def _group_up(
    rollups: Iterable[Rollup],
    key: Callable[[Rollup], ApiAndValue],
    label: Callable[[UUID | None, str], str],
) -> tuple[Group, ...]:
    members: defaultdict[ApiAndValue, list[Rollup]] = defaultdict(list)
    for rollup in rollups:
        members[key(rollup)].append(rollup)
    groups = [
        Group(
            value=value,
            label=label(api_id, value),
            api_id=api_id,
            total=Figures.of(_sum(each.tally for each in found)),
            series=tuple(
                Point(each.start, Figures.of(each.tally))
                for each in sorted(found, key=lambda each: each.start)
            ),
        )
        for (api_id, value), found in members.items()
    ]
    groups.sort(key=lambda group: (-group.total.calls, group.label))
    return tuple(groups[:MAX_GROUPS])


def _merged(rollups: Iterable[Rollup], key: Callable[[Rollup], Key]) -> dict[Key, Tally]:
    tallies: defaultdict[Key, Tally] = defaultdict(Tally)
    for rollup in rollups:
        tallies[key(rollup)].merge(rollup.tally)
    return dict(tallies)


def _by_name(rollups: Iterable[Rollup], names: Mapping[UUID, str]) -> dict[str, Tally]:
    """By the names of the APIs that are not deleted."""
    tallies = _merged(rollups, lambda each: _api_name(each.api_id, names))
    return {name: tally for name, tally in tallies.items() if name != DELETED}


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.merge(tally)
    return total


def _api_and_value(rollup: Rollup) -> ApiAndValue:
    return rollup.api_id, rollup.value


def _api_name(api_id: UUID | None, names: Mapping[UUID, str]) -> str:
    return NO_API if api_id is None else names.get(api_id, DELETED)


def _label(api_id: UUID | None, value: str, names: Mapping[UUID, str]) -> str:
    return value if api_id is None else f"{_api_name(api_id, names)} · version {value}"


def _rounded(duration_ms: float | None) -> float | None:
    return None if duration_ms is None else round(duration_ms, 3)
